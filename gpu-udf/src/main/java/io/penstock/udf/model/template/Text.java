package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/** Python's strings are code points; Java's are UTF-16 units. */
final class Text {
  private Text() {}

  /** In code points. */
  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** The UTF-16 offset of a code point. */
  static int offset(String text, int codePoint) {
    return text.offsetByCodePoints(0, codePoint);
  }

  /** By UTF-16 units, so no text: to search from its end. */
  static String reversed(String text) {
    char[] chars = new char[text.length()];
    for (int i = 0; i < chars.length; i++) {
      chars[i] = text.charAt(chars.length - 1 - i);
    }
    return new String(chars);
  }

  static List<Object> characters(String text) {
    List<Object> characters = new ArrayList<>(text.length());
    for (int i = 0; i < text.length(); ) {
      int size = Character.charCount(text.codePointAt(i));
      characters.add(text.substring(i, i + size));
      i += size;
    }
    return characters;
  }

  /** By code points, as Python orders. */
  static int compare(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean surrogates = Character.isSurrogate(x) != Character.isSurrogate(y);
        return surrogates ? (Character.isSurrogate(x) ? 1 : -1) : x - y;
      }
    }
    return a.length() - b.length();
  }

  /** White space as Python's strip, split and {@code \s} see it. */
  static boolean isSpace(int c) {
    return c == ' '
        || (c >= '\t' && c <= '\r')
        || (c >= 0x1c && c <= 0x1f)
        || c == 0x85
        || c == 0xa0
        || (c > 0xff && Character.isSpaceChar(c) && c != 0x180e);
  }

  /** Without characters of a set at its ends; the set null: white space. */
  static String strip(String text, String set, boolean left, boolean right) {
    IntPredicate stripped = set == null ? Text::isSpace : members(set)::get;
    int begin = 0;
    int end = text.length();
    while (left && begin < end) {
      int c = text.codePointAt(begin);
      if (!stripped.test(c)) {
        break;
      }
      begin += Character.charCount(c);
    }
    while (right && end > begin) {
      int c = text.codePointBefore(end);
      if (!stripped.test(c)) {
        break;
      }
      end -= Character.charCount(c);
    }
    return text.substring(begin, end);
  }

  private static BitSet members(String set) {
    return set.codePoints().collect(BitSet::new, BitSet::set, BitSet::or);
  }
}
