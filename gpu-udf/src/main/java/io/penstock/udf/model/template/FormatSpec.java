package io.penstock.udf.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** How one value is laid out by {@code %} or {@code format}. */
final class FormatSpec {
  private static final int MAX_PRECISION = 1_000;

  String fill = " ";
  char align;
  char sign = '-';
  boolean alternate;
  boolean zeros;
  String grouping = "";
  int width;
  int precision = -1;

  String text(Run run, String text) {
    String cut =
        precision >= 0 && Text.length(text) > precision
            ? text.substring(0, Text.offset(text, precision))
            : text;
    return padded(run, "", cut, align == 0 ? '<' : align);
  }

  static Object whole(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw Failure.value("cannot convert float infinity or NaN to integer");
    }
    return Numbers.small(new BigDecimal(value).toBigInteger());
  }

  /** Of type d, x, X, o, b, e, E, f, F, g, G, %; 0: as it prints. */
  String number(Run run, Object value, char type) {
    if (precision > MAX_PRECISION) {
      throw Failure.limit("a precision of a format is too large: limit=" + MAX_PRECISION);
    }
    boolean negative = negative(value);
    String digits =
        Numbers.isInteger(value) && "dxXob\0".indexOf(type) >= 0
            ? integer(Numbers.integer(value).abs(), type)
            : real(Math.abs(Numbers.real(value)), type);
    String prefix = negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
    if (!grouping.isEmpty()) {
      digits = grouped(digits);
    }
    return padded(run, prefix, digits, zeros && align == 0 ? '=' : align == 0 ? '>' : align);
  }

  private static boolean negative(Object value) {
    return value instanceof Double real
        ? real < 0 || (real == 0 && 1 / real < 0)
        : Numbers.integer(value).signum() < 0;
  }

  private String integer(BigInteger value, char type) {
    String digits =
        switch (type) {
          case 'x' -> (alternate ? "0x" : "") + value.toString(16);
          case 'X' -> (alternate ? "0X" : "") + value.toString(16).toUpperCase(Locale.ROOT);
          case 'o' -> (alternate ? "0o" : "") + value.toString(8);
          case 'b' -> (alternate ? "0b" : "") + value.toString(2);
          default -> value.toString();
        };
    return precision > digits.length() ? "0".repeat(precision - digits.length()) + digits : digits;
  }

  private String real(double value, char type) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String word = Double.isNaN(value) ? "nan" : "inf";
      return Character.isUpperCase(type) ? word.toUpperCase(Locale.ROOT) : word;
    }
    int places = precision < 0 ? 6 : precision;
    return switch (type) {
      case 'f', 'F' -> fixed(value, places);
      case '%' -> fixed(value * 100, places) + "%";
      case 'e', 'E' -> scientific(value, places, type);
      case 'g', 'G' -> general(value, Math.max(1, places), type);
      case '\0' -> precision < 0 ? Numbers.repr(value) : general(value, Math.max(1, places), 'g');
      default ->
          throw Failure.value("Unknown format code '" + type + "' for object of type 'float'");
    };
  }

  private static String fixed(double value, int places) {
    return new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String scientific(double value, int places, char e) {
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = value == 0 ? 0 : digits.length() - 1 - rounded.scale();
    digits = (digits + "0".repeat(places + 1)).substring(0, places + 1);
    String size = String.format(Locale.ROOT, "%02d", Math.abs(exponent));
    return digits.charAt(0)
        + (places == 0 ? "" : "." + digits.substring(1))
        + (e == 'E' ? 'E' : 'e')
        + (exponent < 0 ? "-" : "+")
        + size;
  }

  private String general(double value, int figures, char type) {
    if (value == 0) {
      return "0";
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(figures, RoundingMode.HALF_EVEN));
    int exponent = rounded.precision() - 1 - rounded.scale();
    if (exponent < -4 || exponent >= figures) {
      String text = scientific(value, figures - 1, type == 'G' ? 'E' : 'e');
      int e = Math.max(text.indexOf('e'), text.indexOf('E'));
      return trimmed(text.substring(0, e)) + text.substring(e);
    }
    return trimmed(fixed(value, figures - 1 - exponent));
  }

  private String trimmed(String digits) {
    if (alternate || digits.indexOf('.') < 0) {
      return digits;
    }
    String trimmed = digits.replaceAll("0+$", "");
    return trimmed.endsWith(".") ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
  }

  private String grouped(String digits) {
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 10) >= 0) {
      end++;
    }
    StringBuilder out = new StringBuilder(digits.substring(0, end));
    for (int i = end - 3; i > 0; i -= 3) {
      out.insert(i, grouping);
    }
    return out.append(digits.substring(end)).toString();
  }

  private String padded(Run run, String prefix, String body, char where) {
    int pad = width - Text.length(prefix) - Text.length(body);
    if (pad <= 0) {
      return prefix + body;
    }
    String padding = zeros && where == '=' ? "0" : fill;
    run.budget().string((long) pad * padding.length() + body.length());
    return switch (where) {
      case '<' -> prefix + body + padding.repeat(pad);
      case '^' -> padding.repeat(pad / 2) + prefix + body + padding.repeat(pad - pad / 2);
      case '=' -> prefix + padding.repeat(pad) + body;
      default -> padding.repeat(pad) + prefix + body;
    };
  }
}
