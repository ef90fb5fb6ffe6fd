package io.penstock.udf.model.template;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Python's strftime of the present, in the C locale and the clock's zone. */
final class Strftime {
  private Strftime() {}

  static String format(Clock clock, String format) {
    ZonedDateTime now = clock.instant().atZone(clock.getZone());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char flag = format.charAt(++i);
      boolean flagged = (flag == '-' || flag == '_' || flag == '0') && i + 1 < format.length();
      char code = flagged ? format.charAt(++i) : flag;
      String value = value(now, code);
      if (value == null) {
        out.append('%').append(flagged ? "" + flag : "").append(code);
      } else {
        out.append(flagged ? padded(value, flag) : value);
      }
    }
    return out.toString();
  }

  private static String padded(String value, char flag) {
    int zeros = 0;
    while (zeros < value.length() - 1
        && (value.charAt(zeros) == '0' || value.charAt(zeros) == ' ')) {
      zeros++;
    }
    String bare = value.substring(zeros);
    return switch (flag) {
      case '-' -> bare;
      case '_' -> " ".repeat(zeros) + bare;
      default -> "0".repeat(zeros) + bare;
    };
  }

  private static String value(ZonedDateTime now, char code) {
    int sunday = now.getDayOfWeek().getValue() % 7;
    return switch (code) {
      case 'Y' -> String.valueOf(now.getYear());
      case 'y' -> two(now.getYear() % 100);
      case 'C' -> two(now.getYear() / 100);
      case 'm' -> two(now.getMonthValue());
      case 'd' -> two(now.getDayOfMonth());
      case 'e' -> String.format(Locale.ROOT, "%2d", now.getDayOfMonth());
      case 'H' -> two(now.getHour());
      case 'I' -> two((now.getHour() + 11) % 12 + 1);
      case 'k' -> String.format(Locale.ROOT, "%2d", now.getHour());
      case 'l' -> String.format(Locale.ROOT, "%2d", (now.getHour() + 11) % 12 + 1);
      case 'M' -> two(now.getMinute());
      case 'S' -> two(now.getSecond());
      case 'f' -> String.format(Locale.ROOT, "%06d", now.getNano() / 1000);
      case 'p' -> now.getHour() < 12 ? "AM" : "PM";
      case 'P' -> now.getHour() < 12 ? "am" : "pm";
      case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' ->
          now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
      case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
      case 'j' -> String.format(Locale.ROOT, "%03d", now.getDayOfYear());
      case 'u' -> String.valueOf(now.getDayOfWeek().getValue());
      case 'w' -> String.valueOf(sunday);
      case 'U' -> two((now.getDayOfYear() + 6 - sunday) / 7);
      case 'W' -> two((now.getDayOfYear() + 6 - (sunday + 6) % 7) / 7);
      case 'V' -> two(now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'G' -> String.valueOf(now.get(IsoFields.WEEK_BASED_YEAR));
      case 'g' -> two(now.get(IsoFields.WEEK_BASED_YEAR) % 100);
      case 's' -> String.valueOf(now.getLong(ChronoField.INSTANT_SECONDS));
      case 'D', 'x' -> pattern(now, "MM/dd/yy");
      case 'F' -> pattern(now, "yyyy-MM-dd");
      case 'T', 'X' -> pattern(now, "HH:mm:ss");
      case 'R' -> pattern(now, "HH:mm");
      case 'r' ->
          two((now.getHour() + 11) % 12 + 1) + pattern(now, ":mm:ss") + " " + value(now, 'p');
      case 'c' ->
          value(now, 'a')
              + " "
              + value(now, 'b')
              + " "
              + value(now, 'e')
              + pattern(now, " HH:mm:ss yyyy");
      case 'z', 'Z' -> ""; // Python's now has no zone
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> null;
    };
  }

  private static String two(int value) {
    return String.format(Locale.ROOT, "%02d", value);
  }

  private static String pattern(ZonedDateTime now, String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).format(now);
  }
}
