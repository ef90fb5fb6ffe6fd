package io.penstock.udf.model.template;

import java.util.List;

/**
 * Python's tuple.
 *
 * @param items not to be changed
 * @param names of the items, for what a filter gives with names; else empty
 */
record Tuple(List<Object> items, List<String> names) {
  Tuple(List<Object> items) {
    this(items, List.of());
  }

  static Tuple of(Object... items) {
    return new Tuple(java.util.Arrays.asList(items));
  }
}
