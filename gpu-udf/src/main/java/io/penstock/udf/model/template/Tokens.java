package io.penstock.udf.model.template;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The tokens of a template, one after the other. Used by one thread. */
final class Tokens {
  private final List<Token> tokens;
  private int position;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token following() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  /** The current token, which is then passed; the end stays. */
  Token next() {
    Token token = current();
    if (token.type() != TokenType.END) {
      position++;
    }
    return token;
  }

  Token expect(TokenType type) {
    if (current().type() != type) {
      throw unexpected("expected " + new Token(type, "name", null, 0).words());
    }
    return next();
  }

  Token expect(String operator) {
    if (!current().is(operator)) {
      throw unexpected("expected '" + operator + "'");
    }
    return next();
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("expected '" + name + "'");
    }
  }

  boolean skip(String operator) {
    if (current().is(operator)) {
      next();
      return true;
    }
    return false;
  }

  boolean skipName(String name) {
    if (current().isName(name)) {
      next();
      return true;
    }
    return false;
  }

  Failure unexpected(String expected) {
    return Failure.syntax(expected + ", got " + current().words(), current().at());
  }

  int position() {
    return position;
  }

  /** Which of {@code names} occur from a position up to here. */
  Set<String> namesSince(int from, Set<String> names) {
    Set<String> found = new HashSet<>();
    for (Token token : tokens.subList(from, position)) {
      if (token.type() == TokenType.NAME && names.contains(token.text())) {
        found.add(token.text());
      }
    }
    return Set.copyOf(found);
  }
}
