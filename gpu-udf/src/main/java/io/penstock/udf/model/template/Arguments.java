package io.penstock.udf.model.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a call, not to be changed.
 *
 * @param callee what is called, for errors
 * @param positional in order
 * @param named by name
 */
record Arguments(String callee, List<Object> positional, Map<String, Object> named) {
  static Arguments none(String callee) {
    return new Arguments(callee, List.of(), Map.of());
  }

  /** Fails unless each argument has a place among {@code names}. */
  Arguments bound(String... names) {
    return bound(0, names);
  }

  /** The same, and the first {@code required} must be there. */
  Arguments bound(int required, String... names) {
    if (positional.size() > names.length) {
      throw Failure.type(
          callee + "() takes at most " + names.length + " arguments: given=" + positional.size());
    }
    Map<String, Object> all = new LinkedHashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      all.put(names[i], positional.get(i));
    }
    List<String> known = List.of(names);
    named.forEach(
        (name, value) -> {
          if (!known.contains(name)) {
            throw Failure.type(callee + "() got an unexpected keyword argument '" + name + "'");
          }
          if (all.containsKey(name)) {
            throw Failure.type(callee + "() got multiple values for argument '" + name + "'");
          }
          all.put(name, value);
        });
    for (int i = 0; i < required; i++) {
      if (!all.containsKey(names[i])) {
        throw Failure.type(callee + "() missing argument '" + names[i] + "'");
      }
    }
    return new Arguments(callee, positional, all);
  }

  boolean has(String name) {
    return named.containsKey(name);
  }

  /** Of {@link #bound} arguments. */
  Object get(String name, Object otherwise) {
    return named.containsKey(name) ? named.get(name) : otherwise;
  }

  Object get(String name) {
    return named.get(name);
  }

  boolean flag(String name) {
    return Values.truth(named.getOrDefault(name, false));
  }

  /** An int of {@link #bound} arguments. */
  int integer(String name, int otherwise) {
    Object value = named.get(name);
    return value == null ? otherwise : Values.index(value);
  }

  /** A string of {@link #bound} arguments. */
  String string(String name, String otherwise) {
    Object value = named.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof String string) {
      return string;
    }
    throw Failure.type(
        callee + "() argument '" + name + "' must be str, not " + Values.type(value));
  }
}
