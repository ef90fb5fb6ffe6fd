package io.penstock.udf.model.template;

import io.penstock.udf.model.template.Expressions.CallArguments;
import io.penstock.udf.model.template.Statements.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions, with Jinja's precedence. Used once. */
final class ExpressionParser {
  private static final int MAX_NESTING = 100;
  private static final Set<String> RESERVED =
      Set.of("true", "false", "none", "True", "False", "None");
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

  private final Tokens tokens;
  private int nesting;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
  }

  /** With {@code a if b else c}. */
  Expr expression() {
    if (++nesting > MAX_NESTING) {
      throw Failure.syntax(
          "expressions are nested too deeply: limit=" + MAX_NESTING, tokens.current().at());
    }
    Expr value = or();
    while (tokens.current().isName("if")) {
      int at = tokens.next().at();
      Expr test = or();
      Expr otherwise = tokens.skipName("else") ? expression() : null;
      value = new Expressions.Conditional(at, test, value, otherwise);
    }
    nesting--;
    return value;
  }

  /** One expression, or several with commas, which are a tuple. */
  Expr tuple(boolean conditional, String... ends) {
    return tuple(conditional, false, List.of(ends));
  }

  private Expr tuple(boolean conditional, boolean parentheses, List<String> ends) {
    int at = tokens.current().at();
    List<Expr> items = new ArrayList<>();
    boolean comma = false;
    while (!endOfTuple(ends)) {
      items.add(conditional ? expression() : or());
      comma = tokens.skip(",");
      if (!comma) {
        break;
      }
    }
    if (items.size() == 1 && !comma) {
      return items.get(0);
    }
    if (items.isEmpty() && !parentheses) {
      throw tokens.unexpected("Expected an expression");
    }
    return new Expressions.ListLiteral(at, List.copyOf(items), true);
  }

  private boolean endOfTuple(List<String> ends) {
    Token token = tokens.current();
    return token.type() == TokenType.BLOCK_END
        || token.type() == TokenType.PRINT_END
        || token.is(")")
        || (token.type() == TokenType.NAME && ends.contains(token.text()));
  }

  private Expr or() {
    Expr left = and();
    while (tokens.current().isName("or")) {
      int at = tokens.next().at();
      left = new Expressions.Or(at, left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (tokens.current().isName("and")) {
      int at = tokens.next().at();
      left = new Expressions.And(at, left, not());
    }
    return left;
  }

  private Expr not() {
    Token token = tokens.current();
    if (!tokens.skipName("not")) {
      return comparison();
    }
    if (++nesting > MAX_NESTING) {
      throw Failure.syntax("expressions are nested too deeply: limit=" + MAX_NESTING, token.at());
    }
    Expr value = not();
    nesting--;
    return new Expressions.Not(token.at(), value);
  }

  private Expr comparison() {
    Expr first = sum();
    List<String> operators = new ArrayList<>();
    List<Expr> others = new ArrayList<>();
    int at = tokens.current().at();
    while (true) {
      Token token = tokens.current();
      if (token.type() == TokenType.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (token.isName("in")) {
        tokens.next();
        operators.add("in");
      } else if (token.isName("not") && tokens.following().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        break;
      }
      others.add(sum());
    }
    return others.isEmpty() ? first : new Expressions.Compare(at, first, operators, others);
  }

  private Expr sum() {
    Expr left = concat();
    while (tokens.current().is("+") || tokens.current().is("-")) {
      Token operator = tokens.next();
      left = new Expressions.Binary(operator.at(), operator.text(), left, concat());
    }
    return left;
  }

  private Expr concat() {
    Expr first = product();
    if (!tokens.current().is("~")) {
      return first;
    }
    int at = tokens.current().at();
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.skip("~")) {
      parts.add(product());
    }
    return new Expressions.Concat(at, parts);
  }

  private Expr product() {
    Expr left = power();
    while (tokens.current().is("*")
        || tokens.current().is("/")
        || tokens.current().is("//")
        || tokens.current().is("%")) {
      Token operator = tokens.next();
      left = new Expressions.Binary(operator.at(), operator.text(), left, power());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    while (tokens.current().is("**")) {
      Token operator = tokens.next();
      left = new Expressions.Binary(operator.at(), "**", left, unary(true));
    }
    return left;
  }

  /** A sign, or something that one can stand before; filters and tests bind closer than signs. */
  Expr unary(boolean withFilters) {
    Token token = tokens.current();
    Expr value;
    if (token.is("-") || token.is("+")) {
      tokens.next();
      if (++nesting > MAX_NESTING) {
        throw Failure.syntax("expressions are nested too deeply: limit=" + MAX_NESTING, token.at());
      }
      value = new Expressions.Unary(token.at(), token.is("-"), unary(false));
      nesting--;
    } else {
      value = primary();
    }
    value = postfix(value);
    return withFilters ? filtersAndTests(value) : value;
  }

  private Expr primary() {
    Token token = tokens.next();
    switch (token.type()) {
      case NAME -> {
        return switch (token.text()) {
          case "true", "True" -> new Expressions.Constant(token.at(), true);
          case "false", "False" -> new Expressions.Constant(token.at(), false);
          case "none", "None" -> new Expressions.Constant(token.at(), null);
          default -> new Expressions.Name(token.at(), token.text());
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.current().type() == TokenType.STRING) {
          text.append(tokens.next().text());
        }
        return new Expressions.Constant(token.at(), text.toString());
      }
      case NUMBER -> {
        return new Expressions.Constant(token.at(), token.value());
      }
      default -> {
        if (token.is("(")) {
          Expr value = tuple(true, true, List.of());
          tokens.expect(")");
          return value;
        }
        if (token.is("[")) {
          return list(token.at());
        }
        if (token.is("{")) {
          return dict(token.at());
        }
        throw Failure.syntax("unexpected " + token.words(), token.at());
      }
    }
  }

  private Expr list(int at) {
    List<Expr> items = new ArrayList<>();
    while (!tokens.skip("]")) {
      if (!items.isEmpty()) {
        tokens.expect(",");
        if (tokens.skip("]")) {
          break;
        }
      }
      items.add(expression());
    }
    return new Expressions.ListLiteral(at, List.copyOf(items), false);
  }

  private Expr dict(int at) {
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.skip("}")) {
      if (!keys.isEmpty()) {
        tokens.expect(",");
        if (tokens.skip("}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expect(":");
      values.add(expression());
    }
    return new Expressions.DictLiteral(at, List.copyOf(keys), List.copyOf(values));
  }

  private Expr postfix(Expr of) {
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
      start = expression();
      if (!tokens.current().is(":")) {
        return start;
      }
    }
    tokens.expect(":");
    Expr stop = endOfPart() || tokens.current().is(":") ? null : expression();
    Expr step = tokens.skip(":") && !endOfPart() ? expression() : null;
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
        list = expression();
      } else if (tokens.current().is("**") && dict == null) {
        tokens.next();
        dict = expression();
      } else if (keyword && dict == null) {
        String name = tokens.next().text();
        tokens.next();
        if (named.put(name, expression()) != null) {
          throw Failure.syntax("keyword argument repeated: '" + name + "'", at);
        }
      } else if (!keyword && named.isEmpty() && list == null && dict == null) {
        positional.add(expression());
      } else {
        throw Failure.syntax("invalid syntax for function call expression", at);
      }
    }
    if (positional.isEmpty() && named.isEmpty() && list == null && dict == null) {
      return CallArguments.NONE;
    }
    return new CallArguments(List.copyOf(positional), named, list, dict);
  }

  private Expr filtersAndTests(Expr of) {
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
      arguments = new CallArguments(List.of(postfix(primary())), Map.of(), null, null);
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

  /** What can stand left of {@code =} or {@code in}. */
  Target target(boolean namespaces) {
    List<Target> targets = new ArrayList<>();
    boolean comma = false;
    do {
      if ((comma && !(tokens.current().type() == TokenType.NAME || tokens.current().is("(")))
          || tokens.current().isName("in")) {
        break;
      }
      targets.add(oneTarget(namespaces));
      comma = tokens.skip(",");
    } while (comma);
    return targets.size() == 1 && !comma
        ? targets.get(0)
        : new Statements.TupleTarget(List.copyOf(targets));
  }

  private Target oneTarget(boolean namespaces) {
    Token token = tokens.current();
    if (tokens.skip("(")) {
      if (++nesting > MAX_NESTING) {
        throw Failure.syntax("names are nested too deeply: limit=" + MAX_NESTING, token.at());
      }
      Target inner = target(namespaces);
      nesting--;
      tokens.expect(")");
      return inner;
    }
    String name = tokens.expect(TokenType.NAME).text();
    if (namespaces && tokens.skip(".")) {
      return new Statements.NamespaceTarget(name, tokens.expect(TokenType.NAME).text());
    }
    if (RESERVED.contains(name) || (name.equals("loop") && namespaces)) {
      throw Failure.syntax("can't assign to '" + name + "'", token.at());
    }
    return new Statements.NameTarget(name);
  }
}
