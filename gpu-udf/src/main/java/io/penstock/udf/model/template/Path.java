package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.List;

/**
 * An attribute as filters name it: {@code a.b.0}.
 *
 * @param parts String or Long
 */
record Path(List<Object> parts) {
  private static final int MAX_INDEX_DIGITS = 9;
  private static final int MAX_CHARS = 1_000;

  /**
   * @param attribute String, int, or null for the item itself
   */
  static Path of(Object attribute) {
    if (attribute == null) {
      return new Path(List.of());
    }
    if (!(attribute instanceof String text)) {
      return new Path(List.of((long) Values.index(attribute)));
    }
    checkLength(text);
    List<Object> parts = new ArrayList<>();
    for (String part : text.split("\\.", -1)) {
      boolean index = part.length() <= MAX_INDEX_DIGITS && part.matches("[0-9]+");
      parts.add(index ? (Object) Long.parseLong(part) : part);
    }
    return new Path(parts);
  }

  /** Fails if so long a text is not looked through for the names in it. */
  static void checkLength(String attribute) {
    if (attribute.length() > MAX_CHARS) {
      throw Failure.limit(
          "an attribute is too long: chars=" + attribute.length() + " limit=" + MAX_CHARS);
    }
  }

  Object in(Run run, Object item) {
    return in(run, item, null);
  }

  Object in(Run run, Object item, Object otherwise) {
    Object value = item;
    for (Object part : parts) {
      run.budget().steps(1);
      value = Attributes.item(run, value, part);
      if (otherwise != null && value instanceof Undefined) {
        value = otherwise;
      }
    }
    return value;
  }
}
