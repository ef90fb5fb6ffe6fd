package io.penstock.udf.model.template;

import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A parsed chat template. What it can do is what a template of the sandbox of Hugging Face
 * transformers can: it sees the variables of a rendering and nothing else, reads no file, reaches
 * no Java object, and ends within its limits. Immutable; any number of threads may render at once.
 */
public final class ChatTemplate {
  private final String source;
  private final Stmt body;
  private final Set<String> mentioned;

  private ChatTemplate(String source, Stmt body, Set<String> mentioned) {
    this.source = source;
    this.body = body;
    this.mentioned = mentioned;
  }

  /**
   * @param template Jinja, as in {@code tokenizer_config.json}
   * @return the parsed template
   * @throws TemplateException if it is not of the language, or too large
   */
  public static ChatTemplate parse(String template) throws TemplateException {
    String source = "";
    try {
      if (template.length() > Limits.MAX_TEMPLATE_CHARS) {
        throw Failure.limit(
            "template is too large: chars="
                + template.length()
                + " limit="
                + Limits.MAX_TEMPLATE_CHARS);
      }
      source = Lexer.normalized(template);
      List<Token> tokens = Lexer.tokens(source);
      Set<String> mentioned = new HashSet<>();
      for (Token token : tokens) {
        if (token.type() == TokenType.NAME || token.type() == TokenType.STRING) {
          mentioned.add(token.text());
        }
      }
      return new ChatTemplate(source, Parser.parse(new Tokens(tokens)), Set.copyOf(mentioned));
    } catch (Failure e) {
      throw placed(e, source);
    } catch (RuntimeException e) {
      throw placed(Failure.bug(e), source);
    } catch (StackOverflowError e) {
      throw placed(Failure.limit("template is nested too deeply for this thread's stack"), source);
    }
  }

  /**
   * @param variables what the template sees by name: values of JSON (String, Boolean, Integer,
   *     Long, BigInteger, Double, null, List, Map with String keys), which are copied
   * @param clock what {@code strftime_now} reads, in the clock's zone
   * @return the rendering
   * @throws TemplateException if the template fails, refuses the variables, or takes too much
   */
  public String render(Map<String, ?> variables, Clock clock) throws TemplateException {
    try {
      Input input = new Input();
      Map<String, Object> copies = input.variables(variables);
      Budget budget = new Budget(Limits.of(input.values(), input.chars()));
      Run run = new Run(budget, clock, copies);
      Output out = new Output(budget);
      run.exec(body, run.root(), out);
      return out.text();
    } catch (Failure e) {
      throw placed(e, source);
    } catch (RuntimeException e) {
      throw placed(Failure.bug(e), source); // one conversation fails, and not the job
    } catch (StackOverflowError e) {
      // Depth is limited, but the caller's stack may be smaller than that takes.
      throw placed(Failure.limit("nested too deeply for this thread's stack"), source);
    }
  }

  /**
   * @param name of a member of a message, for instance
   * @return whether the template has this name, or a string of this text: if not, it reads no
   *     member of that name by itself
   */
  public boolean mentions(String name) {
    return mentioned.contains(name);
  }

  private static TemplateException placed(Failure failure, String source) {
    int at = Math.min(failure.at(), source.length());
    int line = 1;
    int lineBegin = 0;
    for (int i = source.indexOf('\n'); i >= 0 && i < at; i = source.indexOf('\n', i + 1)) {
      line++;
      lineBegin = i + 1;
    }
    return new TemplateException(failure, line, at - lineBegin + 1);
  }
}
