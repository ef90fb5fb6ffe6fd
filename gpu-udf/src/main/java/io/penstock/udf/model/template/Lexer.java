package io.penstock.udf.model.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens, as Jinja does with {@code trim_blocks} and {@code lstrip_blocks}:
 * the newline behind a block or comment goes, and so do blanks between the start of a line and one;
 * {@code -} takes all white space on its side, {@code +} keeps it. Used once.
 */
final class Lexer {
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  /** Whether what was read last ends a line; so it is at the start. */
  private boolean lineStarts = true;

  private Lexer(String source) {
    this.source = source;
  }

  /** One kind of newline, and none at the end: offsets of tokens are offsets into this. */
  static String normalized(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    return lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  /**
   * @param source a {@link #normalized} template
   */
  static List<Token> tokens(String source) {
    Lexer lexer = new Lexer(source);
    while (lexer.at < source.length()) {
      lexer.textAndTag();
    }
    lexer.add(TokenType.END, "", source.length());
    return lexer.tokens;
  }

  private void add(TokenType type, String text, int from) {
    tokens.add(new Token(type, text, null, from));
  }

  private void textAndTag() {
    int begin = at;
    int tag = nextTag(begin);
    if (tag < 0) {
      add(TokenType.TEXT, source.substring(begin), begin);
      at = source.length();
      return;
    }
    char kind = source.charAt(tag + 1);
    char sign = charAt(tag + 2);
    boolean signed = sign == '-' || sign == '+';
    text(begin, tag, signed ? sign : 0, kind != '{');
    at = tag + (signed ? 3 : 2);
    switch (kind) {
      case '#' -> comment(tag);
      case '{' -> inside(tag, TokenType.PRINT_BEGIN, TokenType.PRINT_END);
      default -> {
        int raw = rawBegin();
        if (raw >= 0) {
          at = raw;
          raw(tag);
        } else {
          inside(tag, TokenType.BLOCK_BEGIN, TokenType.BLOCK_END);
        }
      }
    }
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      char next = charAt(i + 1);
      if (next == '{' || next == '%' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  private char charAt(int index) {
    return index < source.length() ? source.charAt(index) : 0;
  }

  /** Adds the text before a tag, without what its sign or lstrip_blocks takes away. */
  private void text(int begin, int end, char sign, boolean strips) {
    int keep = end;
    if (sign == '-') {
      while (keep > begin && Text.isSpace(source.charAt(keep - 1))) {
        keep--;
      }
    } else if (sign != '+' && strips) {
      int line = end;
      while (line > begin && Text.isSpace(source.charAt(line - 1)) && charAt(line - 1) != '\n') {
        line--;
      }
      if (line == begin ? lineStarts : source.charAt(line - 1) == '\n') {
        keep = line;
      }
    }
    if (keep > begin) {
      add(TokenType.TEXT, source.substring(begin, keep), begin);
    }
  }

  private void comment(int tag) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw Failure.syntax("missing end of comment tag", tag);
    }
    char sign = end > at ? source.charAt(end - 1) : 0;
    at = end + 2;
    afterTag(sign);
  }

  /** Takes what the end of a block takes with it. */
  private void afterTag(char sign) {
    int begin = at;
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+' && charAt(at) == '\n') {
      at++;
    }
    lineStarts = at > begin && source.charAt(at - 1) == '\n';
  }

  private void skipSpace() {
    while (at < source.length() && Text.isSpace(source.charAt(at))) {
      at++;
    }
  }

  /** Where the text behind <code>{% raw %}</code> begins, if that is what stands here; else -1. */
  private int rawBegin() {
    int i = word(at, "raw");
    if (i < 0) {
      return -1;
    }
    if (source.startsWith("-%}", i)) {
      i += 3;
      while (i < source.length() && Text.isSpace(source.charAt(i))) {
        i++;
      }
      return i;
    }
    return source.startsWith("%}", i) ? i + 2 : -1;
  }

  /** Skips white space, a word and white space; -1 if the word is not there. */
  private int word(int from, String word) {
    int i = from;
    while (i < source.length() && Text.isSpace(source.charAt(i))) {
      i++;
    }
    if (!source.startsWith(word, i)) {
      return -1;
    }
    i += word.length();
    while (i < source.length() && Text.isSpace(source.charAt(i))) {
      i++;
    }
    return i;
  }

  private void raw(int tag) {
    int begin = at;
    lineStarts = begin > 0 && source.charAt(begin - 1) == '\n';
    for (int i = source.indexOf("{%", begin); i >= 0; i = source.indexOf("{%", i + 2)) {
      char sign = charAt(i + 2);
      boolean signed = sign == '-' || sign == '+';
      int end = word(i + (signed ? 3 : 2), "endraw");
      if (end >= 0) {
        char endSign = charAt(end);
        int close = endSign == '-' || endSign == '+' ? end + 1 : end;
        if (source.startsWith("%}", close)) {
          text(begin, i, signed ? sign : 0, true);
          at = close + 2;
          afterTag(endSign);
          return;
        }
      }
    }
    throw Failure.syntax("missing end of raw directive", tag);
  }

  private void inside(int tag, TokenType begin, TokenType end) {
    add(begin, "", tag);
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      skipSpace();
      if (at >= source.length()) {
        throw Failure.syntax("the tag has no end", tag);
      }
      if (open.isEmpty() && end(end)) {
        return;
      }
      token(open);
    }
  }

  /** Reads the end of the tag, if it stands here. */
  private boolean end(TokenType end) {
    String mark = end == TokenType.BLOCK_END ? "%}" : "}}";
    char sign = source.charAt(at);
    boolean signed = sign == '-' || (sign == '+' && end == TokenType.BLOCK_END);
    if (!source.startsWith(mark, signed ? at + 1 : at)) {
      return false;
    }
    add(end, "", at);
    at += signed ? 3 : 2;
    afterTag(end == TokenType.PRINT_END && !signed ? '+' : sign);
    return true;
  }

  private void token(Deque<Character> open) {
    int begin = at;
    char c = source.charAt(at);
    if (c == '"' || c == '\'') {
      string(c);
    } else if (Character.isDigit(c)) {
      number(begin);
    } else if (wordLetter(source.codePointAt(at))) {
      while (at < source.length() && wordLetter(source.codePointAt(at))) {
        at += Character.charCount(source.codePointAt(at));
      }
      add(TokenType.NAME, source.substring(begin, at), begin);
    } else {
      operator(begin, open);
    }
  }

  private static boolean wordLetter(int codePoint) {
    return codePoint == '_' || Character.isLetterOrDigit(codePoint);
  }

  private void operator(int begin, Deque<Character> open) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, begin)) {
        char c = operator.charAt(0);
        switch (c) {
          case '(' -> open.push(')');
          case '[' -> open.push(']');
          case '{' -> open.push('}');
          case ')', ']', '}' -> {
            if (open.isEmpty() || open.pop() != c) {
              throw Failure.syntax("unexpected '" + c + "'", begin);
            }
          }
          default -> {
            // closes nothing
          }
        }
        add(TokenType.OPERATOR, operator, begin);
        at += operator.length();
        return;
      }
    }
    throw Failure.syntax("unexpected character '" + source.charAt(begin) + "'", begin);
  }

  private void string(char quote) {
    int begin = at;
    int end = begin + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw Failure.syntax("the string has no end", begin);
    }
    add(TokenType.STRING, Escapes.decode(source.substring(begin + 1, end), begin), begin);
    at = end + 1;
  }

  private void number(int begin) {
    Numeral numeral = Numeral.read(source, begin, !tokens.isEmpty() && afterDot());
    at = numeral.end();
    tokens.add(new Token(TokenType.NUMBER, "", numeral.value(), begin));
  }

  /** In {@code a.1.2} no number has a fraction. */
  private boolean afterDot() {
    return at > 0 && source.charAt(at - 1) == '.';
  }
}
