package io.penstock.udf.model.template;

/** Escapes in a string literal, as Python has them. */
final class Escapes {
  private Escapes() {}

  /**
   * @param literal what stands between the quotes
   * @param at where, for errors
   */
  static String decode(String literal, int at) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder out = new StringBuilder(literal.length());
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escaped = literal.charAt(i++);
      switch (escaped) {
        case '\n' -> {
          // the line goes on
        }
        case '\\', '\'', '"' -> out.append(escaped);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case 'x' -> i = hex(literal, i, 2, out, at);
        case 'u' -> i = hex(literal, i, 4, out, at);
        case 'U' -> i = hex(literal, i, 8, out, at);
        case 'N' -> throw Failure.syntax("\\N{…} in a string is not supported", at);
        case '0', '1', '2', '3', '4', '5', '6', '7' -> i = octal(literal, i - 1, out);
        default -> out.append('\\').append(escaped);
      }
    }
    return out.toString();
  }

  private static int octal(String literal, int from, StringBuilder out) {
    int end = from;
    int value = 0;
    while (end < literal.length()
        && end < from + 3
        && literal.charAt(end) >= '0'
        && literal.charAt(end) <= '7') {
      value = value * 8 + literal.charAt(end++) - '0';
    }
    out.append((char) value);
    return end;
  }

  private static int hex(String literal, int from, int digits, StringBuilder out, int at) {
    long value = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = i < literal.length() ? Character.digit(literal.charAt(i), 16) : -1;
      if (digit < 0) {
        throw Failure.syntax("a truncated escape in a string", at);
      }
      value = value * 16 + digit;
    }
    if (value > Character.MAX_CODE_POINT) {
      throw Failure.syntax("an escape in a string is no character", at);
    }
    out.appendCodePoint((int) value);
    return from + digits;
  }
}
