package io.penstock.udf.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.regex.Pattern;

/** Filters that give numbers. */
final class NumberFilters {
  private static final Pattern FLOAT =
      Pattern.compile("[+-]?([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)([eE][+-]?[0-9]++)?");
  private static final Pattern WORD = Pattern.compile("(?i)([+-]?)(inf|infinity|nan)");

  private NumberFilters() {}

  static Object apply(Run run, String name, Object value, Arguments arguments) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    return switch (name) {
      case "abs" -> {
        number(value);
        boolean negative = Numbers.compare(value, 0L) < 0;
        yield negative ? Numbers.negated(value) : Numbers.add(value, 0L);
      }
      case "int" -> {
        Arguments bound = arguments.bound("default", "base");
        yield integer(run, value, bound.get("default", 0L), bound.integer("base", 10));
      }
      case "float" -> {
        Object otherwise = arguments.bound("default").get("default", 0.0);
        if (Numbers.isNumber(value)) {
          yield Numbers.real(value);
        }
        Double parsed = value instanceof String text ? real(run, text) : null;
        yield parsed == null ? otherwise : (Object) parsed;
      }
      default -> {
        Arguments bound = arguments.bound("precision", "method");
        number(value);
        yield round(value, bound.integer("precision", 0), bound.string("method", "common"));
      }
    };
  }

  private static void number(Object value) {
    if (!Numbers.isNumber(value)) {
      throw Failure.type("not a number: '" + Values.type(value) + "'");
    }
  }

  private static Object round(Object value, int precision, String method) {
    if (precision > 400 || precision < -400) {
      throw Failure.limit("a precision is too large: limit=400");
    }
    switch (method) {
      case "common" -> {
        if (Numbers.isInteger(value)) {
          return precision >= 0
              ? Numbers.add(value, 0L)
              : Numbers.small(
                  new BigDecimal(Numbers.integer(value))
                      .setScale(precision, RoundingMode.HALF_EVEN)
                      .toBigInteger());
        }
        return Numbers.rounded((Double) value, precision, RoundingMode.HALF_EVEN);
      }
      case "ceil", "floor" -> {
        double scale = Math.pow(10, precision);
        double scaled = Numbers.real(value) * scale;
        return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
      }
      default -> throw Failure.value("method must be common, ceil or floor");
    }
  }

  private static Object integer(Run run, Object value, Object otherwise, int base) {
    if (Numbers.isInteger(value)) {
      return Numbers.add(value, 0L);
    }
    if (value instanceof Double real) {
      return Double.isNaN(real) || Double.isInfinite(real) ? otherwise : FormatSpec.whole(real);
    }
    if (!(value instanceof String text)) {
      return otherwise;
    }
    run.budget().scan(text.length());
    BigInteger whole = whole(text, base);
    if (whole != null) {
      return Numbers.small(whole);
    }
    Double real = real(run, text);
    return real == null || Double.isNaN(real) || Double.isInfinite(real)
        ? otherwise
        : FormatSpec.whole(real);
  }

  private static BigInteger whole(String written, int base) {
    String text = Text.strip(written, null, true, true);
    boolean negative = text.startsWith("-");
    String digits = negative || text.startsWith("+") ? text.substring(1) : text;
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
    if (!prefix.isEmpty() && digits.regionMatches(true, 0, prefix, 0, 2)) {
      digits = digits.substring(2);
    }
    if (base < 2 || base > 36 || digits.isEmpty() || digits.length() > Limits.INTEGER_DIGITS) {
      return null;
    }
    for (int i = 0; i < digits.length(); i++) {
      boolean between = i > 0 && i < digits.length() - 1 && digits.charAt(i - 1) != '_';
      if (Character.digit(digits.charAt(i), base) < 0 && !(digits.charAt(i) == '_' && between)) {
        return null;
      }
    }
    BigInteger whole = new BigInteger(digits.replace("_", ""), base);
    return negative ? whole.negate() : whole;
  }

  /** Null if it is none. */
  private static Double real(Run run, String written) {
    run.budget().scan(written.length());
    String text = Text.strip(written, null, true, true);
    if (text.length() > Limits.INTEGER_DIGITS) {
      return null;
    }
    if (FLOAT.matcher(text).matches()) {
      return Double.parseDouble(text);
    }
    java.util.regex.Matcher word = WORD.matcher(text);
    if (!word.matches()) {
      return null;
    }
    double value = word.group(2).equalsIgnoreCase("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
    return word.group(1).equals("-") ? -value : value;
  }
}
