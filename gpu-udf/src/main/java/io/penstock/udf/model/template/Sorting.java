package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Filters that order items or group equal ones; without regard to case unless told so. */
final class Sorting {
  private static final List<String> GROUP_NAMES = List.of("grouper", "list");

  private Sorting() {}

  static Object apply(Run run, String name, Object value, Arguments arguments) {
    return switch (name) {
      case "sort" -> {
        Arguments bound = arguments.bound("reverse", "case_sensitive", "attribute");
        List<Object> items = Values.list(run, value);
        Comparator<Object> order = order(run, keys(bound), bound.flag("case_sensitive"));
        items.sort(bound.flag("reverse") ? order.reversed() : order);
        yield items;
      }
      case "unique" -> unique(run, value, arguments.bound("case_sensitive", "attribute"));
      case "min", "max" -> {
        Arguments bound = arguments.bound("case_sensitive", "attribute");
        yield extreme(run, value, bound, name.equals("max"));
      }
      case "groupby" ->
          groups(run, value, arguments.bound(1, "attribute", "default", "case_sensitive"));
      default -> dictsort(run, value, arguments.bound("case_sensitive", "by", "reverse"));
    };
  }

  /** Several attributes may be named, with commas. */
  private static List<Path> keys(Arguments bound) {
    List<Path> paths = new ArrayList<>();
    if (bound.get("attribute") instanceof String text) {
      Path.checkLength(text);
      for (String each : text.split(",", -1)) {
        paths.add(Path.of(each));
      }
    } else {
      paths.add(Path.of(bound.get("attribute")));
    }
    return paths;
  }

  private static Object cased(Run run, Object value, boolean sensitive) {
    return !sensitive && value instanceof String text
        ? run.budget().made(text.toLowerCase(Locale.ROOT))
        : value;
  }

  private static Comparator<Object> order(Run run, List<Path> keys, boolean sensitive) {
    return (a, b) -> {
      for (Path key : keys) {
        Object left = cased(run, key.in(run, a), sensitive);
        Object right = cased(run, key.in(run, b), sensitive);
        int order = Values.compare(run, left, right, "<");
        if (order != 0) {
          return order;
        }
      }
      return 0;
    };
  }

  private static Once unique(Run run, Object value, Arguments bound) {
    Path path = Path.of(bound.get("attribute"));
    Set<Object> seen = new HashSet<>();
    List<Object> kept = new ArrayList<>();
    for (Object item : Values.list(run, value)) {
      run.budget().items(2);
      if (seen.add(Values.key(cased(run, path.in(run, item), bound.flag("case_sensitive"))))) {
        kept.add(item);
      }
    }
    return new Once("generator", kept);
  }

  private static Object extreme(Run run, Object value, Arguments bound, boolean greatest) {
    Comparator<Object> order =
        order(run, List.of(Path.of(bound.get("attribute"))), bound.flag("case_sensitive"));
    List<Object> items = Values.list(run, value);
    if (items.isEmpty()) {
      return Undefined.hint("No aggregated item, sequence was empty.");
    }
    Object best = items.get(0);
    for (Object item : items) {
      int by = order.compare(item, best);
      if (greatest ? by > 0 : by < 0) {
        best = item;
      }
    }
    return best;
  }

  private static List<Object> groups(Run run, Object value, Arguments bound) {
    Path path = Path.of(bound.get("attribute"));
    Object otherwise = bound.get("default");
    boolean sensitive = bound.flag("case_sensitive");
    List<Object> items = Values.list(run, value);
    Comparator<Object> order =
        (a, b) ->
            Values.compare(
                run,
                cased(run, path.in(run, a, otherwise), sensitive),
                cased(run, path.in(run, b, otherwise), sensitive),
                "<");
    items.sort(order);
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    for (Object item : items) {
      if (group.isEmpty() || order.compare(group.get(0), item) != 0) {
        run.budget().items(4);
        group = new ArrayList<>();
        groups.add(new Tuple(Arrays.asList(path.in(run, item, otherwise), group), GROUP_NAMES));
      }
      group.add(item);
    }
    return groups;
  }

  private static List<Object> dictsort(Run run, Object value, Arguments bound) {
    if (!(value instanceof Map<?, ?> map)) {
      throw Failure.type("'" + Values.type(value) + "' object has no attribute 'items'");
    }
    String by = bound.string("by", "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw Failure.value("You can only sort by either \"key\" or \"value\"");
    }
    Path path = Path.of(by.equals("key") ? 0L : 1L);
    List<Object> items = Containers.items(run, map);
    Comparator<Object> order = order(run, List.of(path), bound.flag("case_sensitive"));
    items.sort(bound.flag("reverse") ? order.reversed() : order);
    return items;
  }
}
