package io.penstock.udf.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Copies what a caller brings into values of this package, and counts it. Used once. */
final class Input {
  private long values;
  private long chars;

  /** Values copied so far. */
  long values() {
    return values;
  }

  /** UTF-16 units in the strings among them. */
  long chars() {
    return chars;
  }

  Map<String, Object> variables(Map<String, ?> variables) {
    Map<String, Object> copies = new LinkedHashMap<>();
    variables.forEach((name, value) -> copies.put(name, copy(value, 0)));
    return copies;
  }

  private Object copy(Object value, int depth) {
    Values.checkDepth(depth);
    values++;
    if (value instanceof String text) {
      chars += text.length();
      return text;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copies = new LinkedHashMap<>();
      map.forEach(
          (key, each) -> {
            if (!(key instanceof String name)) {
              throw Failure.type("a key of the conversation is no string");
            }
            chars += name.length();
            copies.put(name, copy(each, depth + 1));
          });
      return copies;
    }
    if (value instanceof List<?> list) {
      List<Object> copies = new ArrayList<>(list.size());
      list.forEach(each -> copies.add(copy(each, depth + 1)));
      return copies;
    }
    return number(value);
  }

  private static Object number(Object value) {
    if (value == null
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double) {
      return value;
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof BigInteger number) {
      return Numbers.small(number);
    }
    if (value instanceof Float || value instanceof BigDecimal) {
      return ((Number) value).doubleValue();
    }
    throw Failure.type("not a value of JSON: " + value.getClass().getName());
  }
}
