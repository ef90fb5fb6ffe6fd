package io.penstock.udf.model.template;

import java.math.BigInteger;

/**
 * A number in a template.
 *
 * @param value Long, BigInteger or Double
 * @param end where the text goes on
 */
record Numeral(Object value, int end) {

  /**
   * @param begin where a digit stands
   * @param noFraction takes an integer alone, as behind a dot
   */
  static Numeral read(String source, int begin, boolean noFraction) {
    if (source.charAt(begin) == '0' && begin + 1 < source.length()) {
      int radix =
          switch (source.charAt(begin + 1)) {
            case 'b', 'B' -> 2;
            case 'o', 'O' -> 8;
            case 'x', 'X' -> 16;
            default -> 10;
          };
      if (radix != 10) {
        return integer(source, begin, begin + 2, digits(source, begin + 2, radix), radix);
      }
    }
    int whole = digits(source, begin, 10);
    int end = noFraction ? whole : fraction(source, whole);
    if (end == whole) {
      return integer(source, begin, begin, whole, 10);
    }
    return new Numeral(Double.parseDouble(source.substring(begin, end).replace("_", "")), end);
  }

  private static int digits(String source, int from, int radix) {
    int end = from;
    while (end < source.length()
        && ((Character.digit(source.charAt(end), radix) >= 0 && source.charAt(end) < 128)
            || (source.charAt(end) == '_' && end > from))) {
      end++;
    }
    return end > from && source.charAt(end - 1) == '_' ? end - 1 : end;
  }

  private static int fraction(String source, int from) {
    int end = from;
    if (end + 1 < source.length() && source.charAt(end) == '.') {
      int more = digits(source, end + 1, 10);
      end = more > end + 1 ? more : end;
    }
    if (end < source.length() && (source.charAt(end) | 0x20) == 'e') {
      int digits = end + 1;
      if (digits < source.length()
          && (source.charAt(digits) == '+' || source.charAt(digits) == '-')) {
        digits++;
      }
      int more = digits(source, digits, 10);
      end = more > digits ? more : end;
    }
    return end;
  }

  private static Numeral integer(String source, int begin, int from, int end, int radix) {
    if (end == from) {
      throw Failure.syntax("a number without digits", begin);
    }
    if (end - from > Limits.INTEGER_DIGITS) {
      throw Failure.syntax(
          "the number is too long: digits=" + (end - from) + " limit=" + Limits.INTEGER_DIGITS,
          begin);
    }
    String digits = source.substring(from, end).replace("_", "");
    return new Numeral(Numbers.small(new BigInteger(digits, radix)), end);
  }
}
