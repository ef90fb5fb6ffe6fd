package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's ways to cut a str. */
final class Splits {
  private Splits() {}

  /**
   * @param separator null: white space
   * @param most splits; below 0: any number
   * @param right whether they are counted from the end
   */
  static List<Object> split(Run run, String text, String separator, int most, boolean right) {
    int limit = most < 0 ? Integer.MAX_VALUE : most;
    if (separator == null) {
      return words(run, text, limit, right);
    }
    if (separator.isEmpty()) {
      throw Failure.value("empty separator");
    }
    if (right) {
      run.budget().string((long) text.length() + separator.length());
      List<Object> reversed =
          split(run, Text.reversed(text), Text.reversed(separator), most, false);
      reversed.replaceAll(part -> Text.reversed((String) part));
      Collections.reverse(reversed);
      return reversed;
    }
    List<Object> parts = new ArrayList<>();
    Search search = new Search(run.budget(), text, separator);
    int from = 0;
    while (parts.size() < limit) {
      int at = search.next(from);
      if (at < 0) {
        break;
      }
      add(run, parts, text.substring(from, at));
      from = at + separator.length();
    }
    add(run, parts, text.substring(from));
    return parts;
  }

  private static void add(Run run, List<Object> parts, String part) {
    run.budget().made(part);
    run.budget().allocate(64);
    run.budget().steps(1);
    parts.add(part);
  }

  private static List<Object> words(Run run, String text, int limit, boolean right) {
    List<Object> words = new ArrayList<>();
    if (right) {
      int end = skip(text, text.length(), -1, true);
      while (end > 0 && words.size() < limit) {
        int from = skip(text, end, -1, false);
        add(run, words, text.substring(from, end));
        end = skip(text, from, -1, true);
      }
      if (end > 0) {
        add(run, words, text.substring(0, end));
      }
      Collections.reverse(words);
      return words;
    }
    int from = skip(text, 0, 1, true);
    while (from < text.length() && words.size() < limit) {
      int end = skip(text, from, 1, false);
      add(run, words, text.substring(from, end));
      from = skip(text, end, 1, true);
    }
    if (from < text.length()) {
      add(run, words, text.substring(from));
    }
    return words;
  }

  /** Goes over white space, or over what is none, in a direction. */
  private static int skip(String text, int from, int direction, boolean space) {
    int at = from;
    while (direction > 0
        ? at < text.length() && Text.isSpace(text.charAt(at)) == space
        : at > 0 && Text.isSpace(text.charAt(at - 1)) == space) {
      at += direction;
    }
    return at;
  }

  static List<Object> lines(Run run, String text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c >= '\n' && c <= '\r')
          || (c >= 0x1c && c <= 0x1e)
          || c == 0x85
          || c == 0x2028
          || c == 0x2029) {
        int end = i;
        if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
          i++;
        }
        add(run, lines, text.substring(from, keepEnds ? i + 1 : end));
        from = i + 1;
      }
    }
    if (from < text.length()) {
      add(run, lines, text.substring(from));
    }
    return lines;
  }

  static Tuple partition(Run run, String text, String separator, boolean right) {
    if (separator.isEmpty()) {
      throw Failure.value("empty separator");
    }
    run.budget().string(text.length());
    int at =
        right
            ? Search.last(run.budget(), text, separator)
            : Search.first(run.budget(), text, separator);
    if (at < 0) {
      return right ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }
}
