package io.penstock.udf.model.template;

/**
 * The places of a part in a text, in time that grows with the text alone: a hostile pair cannot
 * make it slow. Used by one thread.
 */
final class Search {
  private static final int LONG = 16;

  private final Budget budget;
  private final String text;
  private final String part;

  Search(Budget budget, String text, String part) {
    this.budget = budget;
    this.text = text;
    this.part = part;
  }

  /** UTF-16 offset of the first place; -1 if there is none. */
  static int first(Budget budget, String text, String part) {
    return new Search(budget, text, part).next(0);
  }

  /** UTF-16 offset of the last place; -1 if there is none. */
  static int last(Budget budget, String text, String part) {
    budget.string((long) text.length() + part.length());
    int found = first(budget, Text.reversed(text), Text.reversed(part));
    return found < 0 ? -1 : text.length() - found - part.length();
  }

  /** UTF-16 offset of the first place at or behind an offset; -1 if there is none. */
  int next(int from) {
    budget.steps(1);
    int place = part.length() < LONG ? text.indexOf(part, from) : longPart(from);
    budget.scan((place < 0 ? text.length() : place) - (long) from);
    return place;
  }

  /** Knuth, Morris and Pratt's. */
  private int longPart(int from) {
    int begin = text.indexOf(part.substring(0, LONG), from);
    if (begin < 0 || text.length() - begin < part.length()) {
      return -1;
    }
    budget.allocate(4L * part.length());
    budget.scan(part.length());
    int[] border = new int[part.length()];
    for (int i = 1, k = 0; i < part.length(); i++) {
      while (k > 0 && part.charAt(i) != part.charAt(k)) {
        k = border[k - 1];
      }
      k += part.charAt(i) == part.charAt(k) ? 1 : 0;
      border[i] = k;
    }
    for (int i = begin, k = 0; i < text.length(); i++) {
      while (k > 0 && text.charAt(i) != part.charAt(k)) {
        k = border[k - 1];
      }
      k += text.charAt(i) == part.charAt(k) ? 1 : 0;
      if (k == part.length()) {
        return i - k + 1;
      }
    }
    return -1;
  }
}
