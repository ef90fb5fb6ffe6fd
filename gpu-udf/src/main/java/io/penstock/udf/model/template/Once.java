package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.List;

/** Python's generator: a list that can be read once, is true even if empty, and has no length. */
final class Once {
  private final String name;
  private final List<Object> items;
  private int next;

  Once(String name, List<Object> items) {
    this.name = name;
    this.items = items;
  }

  /** As Python names its type. */
  String name() {
    return name;
  }

  boolean hasNext() {
    return next < items.size();
  }

  Object next() {
    return items.get(next++);
  }

  /** What is left; then nothing is. */
  List<Object> rest() {
    List<Object> rest = new ArrayList<>(items.subList(next, items.size()));
    next = items.size();
    return rest;
  }
}
