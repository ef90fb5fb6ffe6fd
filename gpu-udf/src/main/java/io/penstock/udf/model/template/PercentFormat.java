package io.penstock.udf.model.template;

import java.util.List;
import java.util.Map;

/** Python's {@code format % values}. */
final class PercentFormat {
  private static final int MAX_WIDTH = 100_000;

  private final Run run;
  private final String format;
  private final Output out;
  private final List<Object> values;
  private final Map<?, ?> named;
  private int at;
  private int used;

  private PercentFormat(Run run, String format, Object values) {
    this.run = run;
    this.format = format;
    this.out = new Output(run.budget());
    this.values =
        values instanceof Tuple tuple ? tuple.items() : java.util.Collections.singletonList(values);
    this.named = values instanceof Map<?, ?> map ? map : null;
  }

  static String apply(Run run, String format, Object values) {
    PercentFormat formatted = new PercentFormat(run, format, values);
    formatted.all();
    if (formatted.used < formatted.values.size()
        && formatted.named == null
        && !(values instanceof List<?>)) {
      throw Failure.type("not all arguments converted during string formatting");
    }
    return formatted.out.text();
  }

  private void all() {
    int from = 0;
    for (at = format.indexOf('%'); at >= 0; at = format.indexOf('%', from)) {
      run.budget().steps(1);
      out.append(format.substring(from, at));
      at++;
      one();
      from = at;
    }
    out.append(format.substring(from));
  }

  private char current() {
    if (at >= format.length()) {
      throw Failure.value("incomplete format");
    }
    return format.charAt(at);
  }

  private void one() {
    Object value = null;
    boolean byName = false;
    if (current() == '(') {
      int end = format.indexOf(')', at);
      if (end < 0 || named == null) {
        throw Failure.type("format requires a mapping");
      }
      String key = format.substring(at + 1, end);
      if (!named.containsKey(key)) {
        throw Failure.value("a key of the format is not in the mapping");
      }
      value = named.get(key);
      byName = true;
      at = end + 1;
    }
    FormatSpec spec = new FormatSpec();
    while ("-+ 0#".indexOf(current()) >= 0) {
      switch (format.charAt(at++)) {
        case '-' -> spec.align = '<';
        case '+' -> spec.sign = '+';
        case ' ' -> spec.sign = spec.sign == '+' ? '+' : ' ';
        case '0' -> spec.zeros = true;
        default -> spec.alternate = true;
      }
    }
    spec.width = number(0);
    if (current() == '.') {
      at++;
      spec.precision = number(0);
    }
    while ("hlL".indexOf(current()) >= 0) {
      at++;
    }
    char type = format.charAt(at++);
    if (type == '%') {
      out.append("%");
      return;
    }
    if (!byName) {
      value = next();
    }
    out.append(converted(spec, type, value));
  }

  private Object next() {
    if (used >= values.size()) {
      throw Failure.type("not enough arguments for format string");
    }
    return values.get(used++);
  }

  private int number(int otherwise) {
    if (current() == '*') {
      at++;
      return checked(Values.index(next()));
    }
    int from = at;
    int value = 0;
    while (Character.digit(current(), 10) >= 0) {
      value = checked(value * 10 + Character.digit(format.charAt(at++), 10));
    }
    return at == from ? otherwise : value;
  }

  private static int checked(int width) {
    if (width > MAX_WIDTH) {
      throw Failure.limit("a width of a format is too large: limit=" + MAX_WIDTH);
    }
    return width;
  }

  private static String character(int codePoint) {
    if (!Character.isValidCodePoint(codePoint)) {
      throw Failure.value("%c arg not in range(0x110000)");
    }
    return Character.toString(codePoint);
  }

  private String converted(FormatSpec spec, char type, Object value) {
    switch (type) {
      case 's', 'r', 'a' -> {
        String text = type == 's' ? Repr.str(run, value) : Repr.repr(run, value);
        spec.zeros = false;
        spec.align = spec.align == 0 ? '>' : spec.align;
        return spec.text(run, text);
      }
      case 'c' -> {
        String text = value instanceof String one ? one : character(Values.index(value));
        spec.align = spec.align == 0 ? '>' : spec.align;
        return spec.text(run, text);
      }
      case 'd', 'i', 'u', 'x', 'X', 'o', 'e', 'E', 'f', 'F', 'g', 'G' -> {
        if (value instanceof Undefined undefined) {
          throw undefined.failure();
        }
        if (!Numbers.isNumber(value)) {
          throw Failure.type(
              "%" + type + " format: a real number is required, not " + Values.type(value));
        }
        boolean decimal = type == 'd' || type == 'i' || type == 'u';
        Object number = decimal && value instanceof Double real ? FormatSpec.whole(real) : value;
        return spec.number(run, number, decimal ? 'd' : type);
      }
      default -> throw Failure.value("unsupported format character '" + type + "'");
    }
  }
}
