package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Methods of dicts, lists and tuples; those that change them are forbidden. */
final class Containers {
  private static final Set<String> DICT =
      Set.of("get", "items", "keys", "values", "copy", "fromkeys");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> LIST = Set.of("index", "count", "copy");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> TUPLE = Set.of("index", "count");

  private Containers() {}

  /** A method; null if there is none by that name. */
  static Object own(Object of, String name) {
    if (of instanceof Map<?, ?> map) {
      if (DICT_CHANGES.contains(name)) {
        return Undefined.unsafe(of, name);
      }
      return DICT.contains(name)
          ? new Function(name, (run, arguments) -> dict(run, map, name, arguments))
          : null;
    }
    if (of instanceof List<?> && LIST_CHANGES.contains(name)) {
      return Undefined.unsafe(of, name);
    }
    return (of instanceof Tuple ? TUPLE : LIST).contains(name)
        ? new Function(name, (run, arguments) -> list(run, of, name, arguments))
        : null;
  }

  private static Object dict(Run run, Map<?, ?> map, String name, Arguments arguments) {
    switch (name) {
      case "get" -> {
        Arguments bound = arguments.bound(1, "key", "default");
        Object key = Values.key(bound.get("key"));
        return map.containsKey(key) ? map.get(key) : bound.get("default");
      }
      case "items" -> {
        return new DictView("dict_items", items(run, map));
      }
      case "keys" -> {
        run.budget().items(map.size());
        return new DictView("dict_keys", new ArrayList<>(map.keySet()));
      }
      case "values" -> {
        run.budget().items(map.size());
        return new DictView("dict_values", new ArrayList<>(map.values()));
      }
      case "copy" -> {
        run.budget().items(3L * map.size());
        return new LinkedHashMap<Object, Object>(map);
      }
      default -> {
        Arguments bound = arguments.bound(1, "keys", "value");
        Map<Object, Object> made = new LinkedHashMap<>();
        for (Object key : Values.list(run, bound.get("keys"))) {
          run.budget().items(3);
          made.put(Values.key(key), bound.get("value"));
        }
        return made;
      }
    }
  }

  /** Key and value of each entry, as tuples. */
  static List<Object> items(Run run, Map<?, ?> map) {
    run.budget().items(3L * map.size());
    List<Object> items = new ArrayList<>(map.size());
    map.forEach((key, value) -> items.add(Tuple.of(key, value)));
    return items;
  }

  private static Object list(Run run, Object of, String name, Arguments arguments) {
    List<Object> items = Values.sequence(of);
    if (name.equals("copy")) {
      return Values.list(run, of);
    }
    Object wanted = arguments.bound(1, "value").get("value");
    long count = 0;
    for (int i = 0; i < items.size(); i++) {
      if (Values.equal(run, items.get(i), wanted)) {
        if (name.equals("index")) {
          return (long) i;
        }
        count++;
      }
    }
    if (name.equals("index")) {
      throw Failure.value("the value is not in " + Values.type(of));
    }
    return count;
  }
}
