package io.penstock.udf.model.template;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters that give strings; {@code escape} gives a plain one, not Jinja's Markup. */
final class TextFilters {
  private TextFilters() {}

  static Object apply(Run run, String name, Object value, Arguments arguments) {
    if (name.equals("indent")) {
      return indent(run, string(value), arguments.bound("width", "first", "blank"));
    }
    if (name.equals("truncate")) {
      if (value instanceof Undefined) {
        return value; // of no length, so not too long
      }
      Arguments bound = arguments.bound("length", "killwords", "end", "leeway");
      return truncate(run, string(value), bound);
    }
    String text = Repr.str(run, value);
    run.budget().string(text.length());
    return switch (name) {
      case "trim" -> StringMethods.strip(run, text, arguments, true, true);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> StringMethods.capitalize(text);
      case "title" -> title(text);
      case "replace" -> {
        Arguments bound = arguments.bound(2, "old", "new", "count");
        String old = Repr.str(run, bound.get("old"));
        String by = Repr.str(run, bound.get("new"));
        yield StringMethods.replace(run, text, old, by, bound.integer("count", -1));
      }
      case "center" -> {
        Object width = arguments.bound("width").get("width", 80L);
        yield StringMethods.call(
            run, text, "center", new Arguments(name, Collections.singletonList(width), Map.of()));
      }
      case "format" -> format(run, text, arguments);
      case "wordcount" -> (long) words(text);
      case "e", "escape", "forceescape" -> escape(run, text);
      case "urlencode" -> urlEncode(run, text);
      default -> Repr.repr(run, value); // pprint
    };
  }

  private static String string(Object value) {
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type("expected str, not " + Values.type(value));
  }

  private static String indent(Run run, String text, Arguments bound) {
    Object width = bound.get("width", 4L);
    String by = width instanceof String words ? words : blanks(run, Values.index(width));
    List<Object> lines = Splits.lines(run, text + "\n", false);
    Output out = new Output(run.budget());
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? bound.flag("first") : bound.flag("blank") || !line.isEmpty();
      out.append(i == 0 ? "" : "\n");
      out.append(indented ? by : "");
      out.append(line);
    }
    return out.text();
  }

  private static String blanks(Run run, int width) {
    run.budget().string(Math.max(0, width));
    return " ".repeat(Math.max(0, width));
  }

  private static String truncate(Run run, String text, Arguments bound) {
    int length = bound.integer("length", 255);
    String end = bound.string("end", "...");
    int leeway = bound.integer("leeway", 5);
    if (length < Text.length(end) || leeway < 0) {
      throw Failure.value("expected length >= " + Text.length(end) + " and leeway >= 0");
    }
    run.budget().string(text.length());
    if (Text.length(text) <= (long) length + leeway) {
      return text;
    }
    String cut = text.substring(0, Text.offset(text, length - Text.length(end)));
    int blank = bound.flag("killwords") ? -1 : cut.lastIndexOf(' ');
    return (blank < 0 ? cut : cut.substring(0, blank)) + end;
  }

  /** Words begin behind white space, hyphens and opening brackets. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean begins = true;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      String each = text.substring(i, i + Character.charCount(c));
      out.append(begins ? each.toUpperCase(Locale.ROOT) : each.toLowerCase(Locale.ROOT));
      begins = Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
      i += Character.charCount(c);
    }
    return out.toString();
  }

  private static Object format(Run run, String text, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw Failure.type("can't handle positional and keyword arguments at the same time");
    }
    return PercentFormat.apply(
        run,
        text,
        arguments.named().isEmpty() ? new Tuple(arguments.positional()) : arguments.named());
  }

  private static int words(String text) {
    int words = 0;
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      boolean letter = c == '_' || Character.isLetterOrDigit(c);
      words += letter && !inWord ? 1 : 0;
      inWord = letter;
      i += Character.charCount(c);
    }
    return words;
  }

  private static String escape(Run run, String text) {
    Output out = new Output(run.budget());
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      String entity =
          switch (text.charAt(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> null;
          };
      if (entity != null) {
        out.append(text.substring(from, i));
        out.append(entity);
        from = i + 1;
      }
    }
    out.append(text.substring(from));
    return out.text();
  }

  private static String urlEncode(Run run, String text) {
    run.budget().string(3L * text.length());
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("%2F", "/")
        .replace("%7E", "~")
        .replace("*", "%2A");
  }
}
