package io.penstock.udf.model;

import java.util.Locale;

/**
 * Whether a regular expression of a tokenizer is harmless. The native tokenizer ends the process
 * when a search takes more than ten million steps, so an expression must not be able to go back and
 * forth over a text: no repeated groups, no references, at most two unbounded repetitions in an
 * alternative and nothing that must follow the second. A search then takes steps in proportion to
 * the text, as with the expressions of all published byte-level tokenizers, which are of this kind.
 */
final class TokenizerRegex {
  private static final int MAX_CHARS = 10_000;
  private static final int MAX_REPEAT = 16;
  private static final String ESCAPES = "pPsSdDwWrntx";

  private final String regex;
  private int at;

  /** In the alternative being read. */
  private int unbounded;

  private TokenizerRegex(String regex) {
    this.regex = regex;
  }

  /**
   * True if it is of the kind described above; an expression that is none may be called so, too.
   */
  static boolean isHarmless(String regex) {
    if (regex.isEmpty() || regex.length() > MAX_CHARS) {
      return false;
    }
    try {
      TokenizerRegex reader = new TokenizerRegex(regex);
      return reader.alternatives(0) && reader.at == regex.length();
    } catch (StringIndexOutOfBoundsException e) {
      return false; // it ends amid something
    }
  }

  /** Up to the end, or to the bracket that closes a group. */
  private boolean alternatives(int depth) {
    boolean harmless = depth <= 2;
    while (harmless && at < regex.length() && regex.charAt(at) != ')') {
      if (regex.charAt(at) == '|') {
        at++;
        unbounded = 0;
      } else {
        harmless = item(depth);
      }
    }
    return harmless;
  }

  private boolean item(int depth) {
    char first = regex.charAt(at);
    boolean group = first == '(';
    boolean harmless =
        switch (first) {
          case '(' -> group(depth);
          case '[' -> characterClass();
          case '\\' -> escape();
          case '*', '+', '?', '{' -> false;
          default -> true;
        };
    if (!group && first != '[' && first != '\\') {
      at++;
    }
    return harmless && repetition(group, depth);
  }

  /** What follows an item: nothing, or how often it may come. */
  private boolean repetition(boolean group, int depth) {
    char sign = at < regex.length() ? regex.charAt(at) : ' ';
    if (sign != '*' && sign != '+' && sign != '?' && sign != '{') {
      return unbounded < 2;
    }
    if (sign == '{') {
      String range = regex.substring(at + 1, regex.indexOf('}', at));
      at += range.length() + 2;
      return !group
          && unbounded < 2
          && range.matches("\\d{1,2}(,\\d{1,2})?")
          && Integer.parseInt(range.substring(range.indexOf(',') + 1)) <= MAX_REPEAT;
    }
    at++;
    if (at < regex.length() && (regex.charAt(at) == '?' || regex.charAt(at) == '+')) {
      at++; // lazy or possessive
    }
    if (sign == '?') {
      return true;
    }
    unbounded++;
    return !group && depth == 0 && unbounded <= 2;
  }

  private boolean group(int depth) {
    for (String start : new String[] {"(?i:", "(?:", "(?!", "(?=", "("}) {
      if (regex.startsWith(start, at)) {
        at += start.length();
        if (at < regex.length() && regex.charAt(at) == '?') {
          return false; // another kind of group
        }
        int before = unbounded;
        unbounded = 0; // if the group must come is seen behind it
        boolean harmless = alternatives(depth + 1);
        unbounded = before;
        return harmless && regex.charAt(at++) == ')';
      }
    }
    return false;
  }

  private boolean characterClass() {
    at++;
    if (regex.charAt(at) == '^') {
      at++;
    }
    boolean harmless = regex.charAt(at) != ']';
    while (harmless && regex.charAt(at) != ']') {
      char next = regex.charAt(at);
      if (next == '\\') {
        harmless = escape();
      } else {
        harmless = next != '[' && !(next == '&' && regex.charAt(at + 1) == '&');
        at++;
      }
    }
    at++;
    return harmless;
  }

  private boolean escape() {
    char what = regex.charAt(at + 1);
    at += 2;
    boolean letter = String.valueOf(what).toLowerCase(Locale.ROOT).matches("[a-z0-9]");
    if (letter && ESCAPES.indexOf(what) < 0) {
      return false;
    }
    if (what == 'p' || what == 'P') {
      String property = regex.substring(at, regex.indexOf('}', at) + 1);
      at += property.length();
      return property.matches("\\{\\^?[A-Za-z_]{1,30}}");
    }
    if (what == 'x') {
      String code = regex.substring(at, regex.indexOf('}', at) + 1);
      at += code.length();
      return code.matches("\\{[0-9A-Fa-f]{1,6}}");
    }
    return true;
  }
}
