package io.penstock.udf.model.template;

import java.util.List;
import java.util.Map;

/** How Python prints values: {@code str} and {@code repr}. */
final class Repr {
  private static final int SHORT = 80;

  private Repr() {}

  static String str(Run run, Object value) {
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Undefined) {
      return "";
    }
    return repr(run, value);
  }

  static String repr(Run run, Object value) {
    if (value == null || Numbers.isNumber(value)) {
      return scalar(value);
    }
    Output out = new Output(run.budget());
    write(run, value, out, 0);
    return out.text();
  }

  /** Of None, a number or a string. */
  static String scalar(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean bool) {
      return bool ? "True" : "False";
    }
    if (value instanceof Double real) {
      return Numbers.repr(real);
    }
    return value instanceof String text ? quoted(text) : value.toString();
  }

  /** For messages. */
  static String shortened(String text) {
    return quoted(text.length() <= SHORT ? text : text.substring(0, SHORT) + "…");
  }

  private static void write(Run run, Object value, Output out, int depth) {
    run.budget().steps(1);
    Values.checkDepth(depth);
    if (Values.isScalar(value)) {
      if (value instanceof String text) {
        run.budget().string(2L * text.length());
      }
      out.append(scalar(value));
    } else if (value instanceof Map<?, ?> map) {
      out.append("{");
      String separator = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        write(run, entry.getKey(), out, depth + 1);
        out.append(": ");
        write(run, entry.getValue(), out, depth + 1);
        separator = ", ";
      }
      out.append("}");
    } else if (value instanceof List<?> list) {
      items(run, list, out, depth, "[", "]");
    } else if (value instanceof Tuple tuple) {
      items(run, tuple.items(), out, depth, "(", tuple.items().size() == 1 ? ",)" : ")");
    } else if (value instanceof DictView view) {
      items(run, view.items(), out, depth, view.name() + "([", "])");
    } else if (value instanceof Range range) {
      out.append(
          "range("
              + range.start()
              + ", "
              + range.stop()
              + (range.step() == 1 ? "" : ", " + range.step())
              + ")");
    } else if (value instanceof Undefined) {
      out.append("Undefined");
    } else if (value instanceof Loop loop) {
      out.append("<LoopContext " + loop.get("index") + "/" + loop.length() + ">");
    } else {
      out.append(
          "<" + (value instanceof Function f ? "function " + f.name() : Values.type(value)) + ">");
    }
  }

  private static void items(
      Run run, List<?> items, Output out, int depth, String begin, String end) {
    out.append(begin);
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      write(run, item, out, depth + 1);
      separator = ", ";
    }
    out.append(end);
  }

  private static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c == quote) {
            out.append('\\').append(quote);
          } else if (printable(c)) {
            out.appendCodePoint(c);
          } else {
            out.append(
                c < 0x100
                    ? String.format("\\x%02x", c)
                    : c < 0x10000 ? String.format("\\u%04x", c) : String.format("\\U%08x", c));
          }
        }
      }
    }
    return out.append(quote).toString();
  }

  static boolean printable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
