package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Python's {@code json.dumps}, with the defaults of transformers: nothing escaped for HTML. */
final class JsonText {
  private final Run run;
  private final Output out;
  private final boolean ascii;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sorted;

  private JsonText(Run run, Arguments bound) {
    this.run = run;
    this.out = new Output(run.budget());
    this.ascii = bound.flag("ensure_ascii");
    this.sorted = bound.flag("sort_keys");
    this.indent = indent(bound.get("indent"));
    List<Object> separators = Values.sequence(bound.get("separators"));
    if (separators != null && separators.size() != 2) {
      throw Failure.value("separators are two strings");
    }
    this.itemSeparator = separators != null ? text(separators.get(0)) : indent == null ? ", " : ",";
    this.keySeparator = separators == null ? ": " : text(separators.get(1));
  }

  static String of(Run run, Object value, Arguments arguments) {
    Arguments bound = arguments.bound("ensure_ascii", "indent", "separators", "sort_keys");
    JsonText json = new JsonText(run, bound);
    json.write(value, 0);
    return json.out.text();
  }

  private static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw Failure.type("separators are two strings");
  }

  private String indent(Object value) {
    if (value == null || value instanceof String) {
      return (String) value;
    }
    int width = Math.max(0, Values.index(value));
    run.budget().string(width);
    return " ".repeat(width);
  }

  private void write(Object value, int depth) {
    run.budget().steps(1);
    Values.checkDepth(depth);
    if (value instanceof String text) {
      string(text);
    } else if (value == null) {
      out.append("null");
    } else if (value instanceof Boolean bool) {
      out.append(bool ? "true" : "false");
    } else if (value instanceof Double real) {
      out.append(real(real));
    } else if (Numbers.isNumber(value)) {
      out.append(value.toString());
    } else if (value instanceof Map<?, ?> map) {
      map(map, depth);
    } else if (Values.sequence(value) != null) {
      list(Values.sequence(value), depth);
    } else {
      throw Failure.type("Object of type " + Values.type(value) + " is not JSON serializable");
    }
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return Numbers.repr(value);
  }

  private void list(List<?> list, int depth) {
    if (list.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    boolean first = true;
    for (Object item : list) {
      out.append(first ? "" : itemSeparator);
      newLine(depth + 1);
      write(item, depth + 1);
      first = false;
    }
    newLine(depth);
    out.append("]");
  }

  private void map(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    List<Object> keys = new ArrayList<>(map.keySet());
    run.budget().items(keys.size());
    if (sorted) {
      keys.sort((a, b) -> Values.compare(run, a, b, "<"));
    }
    out.append("{");
    boolean first = true;
    for (Object key : keys) {
      out.append(first ? "" : itemSeparator);
      newLine(depth + 1);
      string(key(key));
      out.append(keySeparator);
      write(map.get(key), depth + 1);
      first = false;
    }
    newLine(depth);
    out.append("}");
  }

  private static String key(Object key) {
    if (key instanceof String text) {
      return text;
    }
    if (key instanceof Boolean bool) {
      return bool ? "true" : "false";
    }
    if (key instanceof Double real) {
      return real(real);
    }
    if (key != null && !Numbers.isNumber(key)) {
      throw Failure.type("keys must be str, int, float, bool or None, not " + Values.type(key));
    }
    return key == null ? "null" : key.toString();
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.append("\n");
      run.budget().string((long) indent.length() * depth);
      out.append(indent.repeat(depth));
    }
  }

  private void string(String text) {
    run.budget().string(text.length());
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\f' -> quoted.append("\\f");
        case '\b' -> quoted.append("\\b");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            quoted.append("\\u").append(String.format("%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    out.append(quoted.append('"').toString());
  }
}
