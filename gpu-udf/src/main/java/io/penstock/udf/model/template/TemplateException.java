package io.penstock.udf.model.template;

/**
 * A chat template cannot be parsed, or a rendering failed. The message has line and column of the
 * template, from 1, and may quote the conversation: what goes where prompts must not go is {@link
 * #withoutContent()}.
 */
public final class TemplateException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Kind {
    /** The template is not of the language that this interpreter knows. */
    SYNTAX("the template cannot be parsed"),
    /** The template called {@code raise_exception}. */
    RAISED("the template refused the conversation (raise_exception)"),
    /** Something that is not there was used as if it were. */
    UNDEFINED("a value is not defined"),
    /** An operation on a value of a type that it does not take. */
    TYPE("an operation on a value of the wrong type"),
    /** An operation on a value that it does not take. */
    VALUE("an operation on a value that it does not take"),
    /** Something that the sandbox forbids. */
    SECURITY("an operation that the sandbox forbids"),
    /** A limit on steps, depth, size or time. */
    LIMIT("a limit was reached"),
    /** A mistake of this interpreter, which is to be mended. */
    BUG("the interpreter itself failed");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  private final Kind kind;
  private final int line;
  private final int column;
  private final String withoutContent;

  TemplateException(Failure failure, int line, int column) {
    super("line=" + line + " column=" + column + ": " + failure.getMessage(), failure.getCause());
    this.kind = failure.kind();
    this.line = line;
    this.column = column;
    this.withoutContent =
        "line="
            + line
            + " column="
            + column
            + ": "
            + kind.words
            + (failure.quotesNothing() ? ": " + failure.getMessage() : "");
  }

  /**
   * @return what went wrong
   */
  public Kind kind() {
    return kind;
  }

  /**
   * @return line of the template, from 1
   */
  public int line() {
    return line;
  }

  /**
   * @return column in that line, from 1
   */
  public int column() {
    return column;
  }

  /**
   * @return the place and what happened there, with nothing that the conversation could have
   *     brought: words of the template and numbers alone
   */
  public String withoutContent() {
    return withoutContent;
  }
}
