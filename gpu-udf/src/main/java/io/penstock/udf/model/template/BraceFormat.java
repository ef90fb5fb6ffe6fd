package io.penstock.udf.model.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** Python's {@code str.format}, in the sandbox: attributes and items as a template sees them. */
final class BraceFormat {
  private static final int MAX_WIDTH = 100_000;

  private final Run run;
  private final Arguments arguments;
  private int automatic;

  private BraceFormat(Run run, Arguments arguments) {
    this.run = run;
    this.arguments = arguments;
  }

  static String apply(Run run, String format, Arguments arguments) {
    Output out = new Output(run.budget());
    new BraceFormat(run, arguments).all(format, out, 0);
    return out.text();
  }

  static Map<String, Object> names(Map<?, ?> map) {
    Map<String, Object> names = new LinkedHashMap<>();
    map.forEach((key, value) -> names.put(String.valueOf(key), value));
    return names;
  }

  private void all(String format, Output out, int depth) {
    int from = 0;
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '{' && c != '}') {
        continue;
      }
      run.budget().steps(1);
      out.append(format.substring(from, i));
      if (i + 1 < format.length() && format.charAt(i + 1) == c) {
        out.append(String.valueOf(c));
        i++;
      } else if (c == '}' || depth > 1) {
        throw Failure.value("Single '}' encountered in format string");
      } else {
        int end = end(format, i + 1);
        out.append(field(format.substring(i + 1, end), depth));
        i = end;
      }
      from = i + 1;
    }
    out.append(format.substring(from));
  }

  private static int end(String format, int from) {
    int open = 1;
    for (int i = from; i < format.length(); i++) {
      open += format.charAt(i) == '{' ? 1 : format.charAt(i) == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw Failure.value("expected '}' before end of string");
  }

  private String field(String field, int depth) {
    int colon = field.indexOf(':');
    String name = colon < 0 ? field : field.substring(0, colon);
    int bang = name.indexOf('!');
    String conversion = bang < 0 ? "" : name.substring(bang + 1);
    Object value = value(bang < 0 ? name : name.substring(0, bang));
    if (conversion.equals("r")) {
      value = Repr.repr(run, value);
    } else if (conversion.equals("s")) {
      value = Repr.str(run, value);
    } else if (!conversion.isEmpty()) {
      throw Failure.value("Unknown conversion specifier");
    }
    String spec = "";
    if (colon >= 0) {
      Output inner = new Output(run.budget());
      all(field.substring(colon + 1), inner, depth + 1);
      spec = inner.text();
    }
    return laidOut(value, spec);
  }

  private Object value(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
      end++;
    }
    Object value = first(path.substring(0, end));
    while (end < path.length()) {
      run.budget().steps(1);
      int from = end + 1;
      if (path.charAt(end) == '[') {
        int close = path.indexOf(']', from);
        if (close < 0) {
          throw Failure.value("Missing ']' in format string");
        }
        String key = path.substring(from, close);
        value = Attributes.item(run, value, isNumber(key) ? (Object) Long.parseLong(key) : key);
        end = close + 1;
      } else {
        end = from;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
          end++;
        }
        value = Attributes.attribute(value, path.substring(from, end));
      }
      if (value instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
    return value;
  }

  private Object first(String name) {
    if (!name.isEmpty() && !isNumber(name)) {
      if (!arguments.named().containsKey(name)) {
        throw Failure.value("a name of the format is not among the arguments");
      }
      return arguments.named().get(name);
    }
    int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
    if (index >= arguments.positional().size()) {
      throw Failure.value("Replacement index " + index + " out of range for positional args tuple");
    }
    return arguments.positional().get(index);
  }

  private static boolean isNumber(String name) {
    return name.length() < 9 && name.matches("[0-9]+");
  }

  private String laidOut(Object value, String spec) {
    if (spec.isEmpty()) {
      return Repr.str(run, value);
    }
    FormatSpec parsed = new FormatSpec();
    char type = parse(spec, parsed);
    if (Numbers.isNumber(value) && !(value instanceof Boolean && type == 0)) {
      return parsed.number(run, value, type);
    }
    if (value instanceof String text && (type == 0 || type == 's')) {
      return parsed.text(run, text);
    }
    throw Failure.value("a format that a value of type '" + Values.type(value) + "' does not take");
  }

  private static char parse(String spec, FormatSpec parsed) {
    int at = 0;
    int fill = spec.offsetByCodePoints(0, 1);
    if (fill < spec.length() && "<>=^".indexOf(spec.charAt(fill)) >= 0) {
      parsed.fill = spec.substring(0, fill);
      parsed.align = spec.charAt(fill);
      at = fill + 1;
    } else if ("<>=^".indexOf(spec.charAt(0)) >= 0) {
      parsed.align = spec.charAt(at++);
    }
    if (at < spec.length() && "+- ".indexOf(spec.charAt(at)) >= 0) {
      parsed.sign = spec.charAt(at++);
    }
    if (at < spec.length() && spec.charAt(at) == '#') {
      parsed.alternate = true;
      at++;
    }
    if (at < spec.length() && spec.charAt(at) == '0') {
      parsed.zeros = true;
      at++;
    }
    int from = at;
    while (at < spec.length() && Character.digit(spec.charAt(at), 10) >= 0) {
      at++;
    }
    parsed.width = number(spec.substring(from, at), 0);
    if (at < spec.length() && (spec.charAt(at) == ',' || spec.charAt(at) == '_')) {
      parsed.grouping = spec.substring(at, ++at);
    }
    if (at < spec.length() && spec.charAt(at) == '.') {
      from = ++at;
      while (at < spec.length() && Character.digit(spec.charAt(at), 10) >= 0) {
        at++;
      }
      parsed.precision = number(spec.substring(from, at), -1);
    }
    if (at < spec.length() - 1) {
      throw Failure.value("Invalid format specifier");
    }
    return at < spec.length() ? spec.charAt(at) : 0;
  }

  private static int number(String digits, int otherwise) {
    if (digits.isEmpty()) {
      return otherwise;
    }
    if (digits.length() > 6 || Integer.parseInt(digits) > MAX_WIDTH) {
      throw Failure.limit("a width of a format is too large: limit=" + MAX_WIDTH);
    }
    return Integer.parseInt(digits);
  }
}
