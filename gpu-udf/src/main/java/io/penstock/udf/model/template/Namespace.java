package io.penstock.udf.model.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace(…)} gives: the one thing that a template can change. */
final class Namespace {
  private final Map<String, Object> values = new LinkedHashMap<>();

  void set(String name, Object value) {
    values.put(name, value);
  }

  Object get(String name) {
    return values.containsKey(name) ? values.get(name) : Undefined.attribute(this, name);
  }
}
