package io.penstock.udf.model.template;

import io.penstock.udf.model.template.Expressions.CallArguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what follows a value: attributes, items, calls, filters and tests. Used once. */
final class PostfixParser {
  private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

  private final Tokens tokens;
  private final ExpressionParser expressions;

  PostfixParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** Attributes, items and calls, as many as there are. */
  Expr access(Expr of) {
    Expr value = of;
    while (true) {
      Token token = tokens.current();
      if (token.is(".")) {
        tokens.next();
        Token key = tokens.next();
        value =
            switch (key.type()) {
              case NAME -> new Expressions.Attribute(key.at(), value, key.text());
              case NUMBER ->
                  new Expressions.Item(
                      key.at(), value, new Expressions.Constant(key.at(), key.value()));
              default -> throw Failure.syntax("expected name or number", key.at());
            };
      } else if (token.is("[")) {
        tokens.next();
        value = new Expressions.Item(token.at(), value, subscript(token.at()));
      } else if (token.is("(")) {
        value = new Expressions.Call(value.at(), value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr subscript(int at) {
    List<Expr> keys = new ArrayList<>();
    while (!tokens.skip("]")) {
      if (!keys.isEmpty()) {
        tokens.expect(",");
      }
      keys.add(slice());
    }
    return keys.size() == 1
        ? keys.get(0)
        : new Expressions.ListLiteral(at, List.copyOf(keys), true);
  }

  private Expr slice() {
    int at = tokens.current().at();
    Expr start = null;
    if (!tokens.current().is(":")) {
      start = expressions.expression();
      if (!tokens.current().is(":")) {
        return start;
      }
    }
    tokens.expect(":");
    Expr stop = endOfPart() || tokens.current().is(":") ? null : expressions.expression();
    Expr step = tokens.skip(":") && !endOfPart() ? expressions.expression() : null;
    return new Expressions.SliceKey(at, start, stop, step);
  }

  private boolean endOfPart() {
    return tokens.current().is("]") || tokens.current().is(",");
  }

  private CallArguments arguments() {
    int at = tokens.expect("(").at();
    List<Expr> positional = new ArrayList<>();
    Map<String, Expr> named = new LinkedHashMap<>();
    Expr list = null;
    Expr dict = null;
    boolean first = true;
    while (!tokens.skip(")")) {
      if (!first) {
        tokens.expect(",");
        if (tokens.skip(")")) {
          break;
        }
      }
      first = false;
      boolean keyword = tokens.current().type() == TokenType.NAME && tokens.following().is("=");
      if (tokens.current().is("*") && list == null && dict == null) {
        tokens.next();
        list = expressions.expression();
      } else if (tokens.current().is("**") && dict == null) {
        tokens.next();
        dict = expressions.expression();
      } else if (keyword && dict == null) {
        String name = tokens.next().text();
        tokens.next();
        if (named.put(name, expressions.expression()) != null) {
          throw Failure.syntax("keyword argument repeated: '" + name + "'", at);
        }
      } else if (!keyword && named.isEmpty() && list == null && dict == null) {
        positional.add(expressions.expression());
      } else {
        throw Failure.syntax("invalid syntax for function call expression", at);
      }
    }
    if (positional.isEmpty() && named.isEmpty() && list == null && dict == null) {
      return CallArguments.NONE;
    }
    return new CallArguments(List.copyOf(positional), named, list, dict);
  }

  /** Filters and tests, and calls of what they give. */
  Expr filtersAndTests(Expr of) {
    Expr value = of;
    while (true) {
      Token token = tokens.current();
      if (token.is("|")) {
        tokens.next();
        value = filter(value);
      } else if (token.isName("is")) {
        value = test(value);
      } else if (token.is("(")) {
        value = new Expressions.Call(value.at(), value, arguments());
      } else {
        return value;
      }
    }
  }

  /** Any number of filters. */
  Expr filters(Expr of) {
    Expr value = of;
    while (tokens.skip("|")) {
      value = filter(value);
    }
    return value;
  }

  /** The filter whose name is current. */
  Expr filter(Expr of) {
    Token token = tokens.current();
    String name = dotted();
    CallArguments arguments = tokens.current().is("(") ? arguments() : CallArguments.NONE;
    return new Expressions.Filter(token.at(), of, name, arguments);
  }

  private String dotted() {
    StringBuilder name = new StringBuilder(tokens.expect(TokenType.NAME).text());
    while (tokens.skip(".")) {
      name.append('.').append(tokens.expect(TokenType.NAME).text());
    }
    return name.toString();
  }

  private Expr test(Expr of) {
    tokens.expectName("is");
    boolean negated = tokens.skipName("not");
    Token token = tokens.current();
    String name = dotted();
    CallArguments arguments = CallArguments.NONE;
    if (tokens.current().is("(")) {
      arguments = arguments();
    } else if (startsArgument()) {
      if (tokens.current().isName("is")) {
        throw Failure.syntax("You cannot chain multiple tests with is", tokens.current().at());
      }
      arguments = new CallArguments(List.of(access(expressions.primary())), Map.of(), null, null);
    }
    Expr test = new Expressions.Test(token.at(), of, name, arguments);
    return negated ? new Expressions.Not(token.at(), test) : test;
  }

  private boolean startsArgument() {
    Token token = tokens.current();
    return switch (token.type()) {
      case STRING, NUMBER -> true;
      case NAME -> !NO_ARGUMENT.contains(token.text());
      default -> token.is("[") || token.is("{");
    };
  }
}
