package io.penstock.udf.model.template;

import io.penstock.udf.model.template.Statements.Branch;
import io.penstock.udf.model.template.Statements.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads statements. Used once. */
final class Parser {
  private static final int MAX_NESTING = 100;

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int nesting;
  private int loops;

  private Parser(Tokens tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  /**
   * @param tokens of the whole template
   */
  static Stmt parse(Tokens tokens) {
    return new Parser(tokens).body(Set.of());
  }

  /** Reads up to a tag of one of {@code ends}, whose name is then current; or to the end. */
  private Stmt body(Set<String> ends) {
    int at = tokens.current().at();
    if (++nesting > MAX_NESTING) {
      throw Failure.syntax("blocks are nested too deeply: limit=" + MAX_NESTING, at);
    }
    List<Stmt> statements = new ArrayList<>();
    while (tokens.current().type() != TokenType.END) {
      Token token = tokens.next();
      switch (token.type()) {
        case TEXT -> statements.add(new Statements.Verbatim(token.at(), token.text()));
        case PRINT_BEGIN -> {
          Expr value = expressions.tuple(true);
          tokens.expect(TokenType.PRINT_END);
          statements.add(new Statements.Print(value.at(), value));
        }
        default -> {
          if (ends.contains(tokens.current().text())) {
            nesting--;
            return new Statements.Body(at, List.copyOf(statements));
          }
          statements.add(statement());
        }
      }
    }
    if (!ends.isEmpty()) {
      throw Failure.syntax(
          "the template ends before " + String.join(" or ", ends), tokens.current().at());
    }
    nesting--;
    return new Statements.Body(at, List.copyOf(statements));
  }

  private Stmt bodyTo(String end) {
    tokens.expect(TokenType.BLOCK_END);
    Stmt body = body(Set.of(end));
    tokens.next();
    return body;
  }

  private Stmt statement() {
    Token tag = tokens.expect(TokenType.NAME);
    Stmt statement =
        switch (tag.text()) {
          case "if" -> conditional(tag.at());
          case "for" -> loop(tag.at());
          case "set" -> assignment(tag.at());
          case "macro" -> macro(tag.at());
          case "call" -> callBlock(tag.at());
          case "filter" -> filterBlock(tag.at());
          case "with" -> with(tag.at());
          case "generation" ->
              apart(
                  () ->
                      new Statements.Scoped(
                          tag.at(), List.of(), List.of(), bodyTo("endgeneration")));
          case "block" -> block(tag.at());
          case "print" -> print(tag.at());
          case "break", "continue" -> jump(tag);
          case "include", "import", "from", "extends" ->
              throw Failure.syntax("a template cannot load others: '" + tag.text() + "'", tag.at());
          default ->
              throw Failure.syntax("Encountered unknown tag '" + tag.text() + "'.", tag.at());
        };
    tokens.expect(TokenType.BLOCK_END);
    return statement;
  }

  private Stmt print(int at) {
    List<Stmt> values = new ArrayList<>();
    do {
      values.add(new Statements.Print(at, expressions.expression()));
    } while (tokens.skip(","));
    return new Statements.Body(at, List.copyOf(values));
  }

  /** Loops around are out of reach inside. */
  private <T> T apart(java.util.function.Supplier<T> parse) {
    int around = loops;
    loops = 0;
    T parsed = parse.get();
    loops = around;
    return parsed;
  }

  private Stmt jump(Token tag) {
    if (loops == 0) {
      throw Failure.syntax("'" + tag.text() + "' outside loop", tag.at());
    }
    return new Statements.Jump(
        tag.at(), tag.text().equals("break") ? Stmt.Flow.BREAK : Stmt.Flow.CONTINUE);
  }

  private Stmt conditional(int at) {
    List<Branch> branches = new ArrayList<>();
    Expr test = expressions.tuple(false);
    while (true) {
      tokens.expect(TokenType.BLOCK_END);
      branches.add(new Branch(test, body(Set.of("elif", "else", "endif"))));
      String end = tokens.next().text();
      if (end.equals("elif")) {
        test = expressions.tuple(false);
        continue;
      }
      if (end.equals("else")) {
        branches.add(new Branch(null, bodyTo("endif")));
      }
      return new Statements.If(at, List.copyOf(branches));
    }
  }

  private Stmt loop(int at) {
    Target target = expressions.target(false);
    tokens.expectName("in");
    Expr iterable = expressions.tuple(false, "recursive");
    Expr filter = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    tokens.expect(TokenType.BLOCK_END);
    loops++;
    Stmt body = body(Set.of("endfor", "else"));
    loops--;
    Stmt otherwise = tokens.next().text().equals("else") ? bodyTo("endfor") : null;
    return new Statements.For(at, target, iterable, filter, recursive, body, otherwise);
  }

  private Stmt assignment(int at) {
    Target target = expressions.target(true);
    if (tokens.skip("=")) {
      return new Statements.Set(at, target, expressions.tuple(true));
    }
    Expr filtered = expressions.filters(captured(at));
    return new Statements.Captured(at, target, bodyTo("endset"), filtered);
  }

  private static Expr captured(int at) {
    return new Expressions.Name(at, Statements.CAPTURED);
  }

  private Stmt filterBlock(int at) {
    Expr filtered = expressions.filters(expressions.filter(captured(at)));
    return new Statements.Captured(at, null, bodyTo("endfilter"), filtered);
  }

  private Stmt with(int at) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (tokens.current().type() != TokenType.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expect(",");
      }
      targets.add(expressions.target(false));
      tokens.expect("=");
      values.add(expressions.expression());
    }
    return new Statements.Scoped(at, targets, values, bodyTo("endwith"));
  }

  private Stmt block(int at) {
    String name = tokens.expect(TokenType.NAME).text();
    boolean scoped = tokens.skipName("scoped");
    tokens.skipName("required");
    return apart(
        () -> {
          Stmt body = bodyTo("endblock");
          tokens.skipName(name);
          return new Statements.Block(at, scoped, body);
        });
  }

  private Stmt macro(int at) {
    String name = tokens.expect(TokenType.NAME).text();
    tokens.expect("(");
    return new Statements.MacroDefinition(at, signatureAndBody(name, "endmacro"));
  }

  /** Behind the opening parenthesis. */
  private Macro signatureAndBody(String name, String end) {
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    signature(parameters, defaults);
    return macro(name, parameters, defaults, end);
  }

  private void signature(List<String> parameters, List<Expr> defaults) {
    while (!tokens.skip(")")) {
      if (!parameters.isEmpty()) {
        tokens.expect(",");
      }
      Token parameter = tokens.expect(TokenType.NAME);
      parameters.add(parameter.text());
      if (tokens.skip("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw Failure.syntax("non-default argument follows default argument", parameter.at());
      }
    }
  }

  private Macro macro(String name, List<String> parameters, List<Expr> defaults, String end) {
    int from = tokens.position();
    Stmt body = apart(() -> bodyTo(end));
    return new Macro(
        name,
        List.copyOf(parameters),
        List.copyOf(defaults),
        tokens.namesSince(from, Set.of("caller", "varargs", "kwargs")),
        body);
  }

  private Stmt callBlock(int at) {
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    if (tokens.skip("(")) {
      signature(parameters, defaults);
    }
    Token first = tokens.current();
    if (!(expressions.unary(false) instanceof Expressions.Call call)) {
      throw Failure.syntax("expected call", first.at());
    }
    return new Statements.CallBlock(at, macro("caller", parameters, defaults, "endcall"), call);
  }
}
