package io.penstock.udf.model.template;

import io.penstock.udf.model.template.Statements.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads expressions, with Jinja's precedence. Used once. */
final class ExpressionParser {
  private static final int MAX_NESTING = 100;
  private static final Set<String> RESERVED =
      Set.of("true", "false", "none", "True", "False", "None");
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final Tokens tokens;
  private final PostfixParser postfix;
  private int nesting;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.postfix = new PostfixParser(tokens, this);
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
    value = postfix.access(value);
    return withFilters ? postfix.filtersAndTests(value) : value;
  }

  /** A name, a literal, or something in brackets. */
  Expr primary() {
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

  /** Any number of filters. */
  Expr filters(Expr of) {
    return postfix.filters(of);
  }

  /** The filter whose name is current. */
  Expr filter(Expr of) {
    return postfix.filter(of);
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
