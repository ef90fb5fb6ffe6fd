package io.penstock.udf.model.template;

import io.penstock.udf.model.template.TemplateException.Kind;
import java.util.stream.Stream;

/**
 * What goes wrong inside; never leaves the package. The innermost node that it passes gives it its
 * place.
 */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_MESSAGE_CHARS = 2_000;
  private static final int NOWHERE = -1;

  private final Kind kind;
  private final boolean quotesNothing;
  private int at = NOWHERE;

  Failure(Kind kind, String message, boolean quotesNothing) {
    super(
        message.length() <= MAX_MESSAGE_CHARS
            ? message
            : message.substring(0, MAX_MESSAGE_CHARS) + "…",
        null,
        false,
        false);
    this.kind = kind;
    this.quotesNothing = quotesNothing;
  }

  static Failure syntax(String message, int at) {
    return new Failure(Kind.SYNTAX, message, true).at(at);
  }

  static Failure undefined(String message) {
    return new Failure(Kind.UNDEFINED, message, false);
  }

  static Failure type(String message) {
    return new Failure(Kind.TYPE, message, false);
  }

  static Failure value(String message) {
    return new Failure(Kind.VALUE, message, false);
  }

  static Failure security(String message) {
    return new Failure(Kind.SECURITY, message, false);
  }

  static Failure limit(String message) {
    return new Failure(Kind.LIMIT, message, true);
  }

  /**
   * What this package did not foresee. Its message may quote the conversation, so type and place
   * have to do.
   */
  static Failure bug(RuntimeException unforeseen) {
    StackTraceElement[] trace = unforeseen.getStackTrace();
    String place =
        Stream.of(trace)
            .filter(each -> each.getClassName().startsWith(Failure.class.getPackageName()))
            .findFirst()
            .map(each -> each.getFileName() + ":" + each.getLineNumber())
            .orElse("(unknown)");
    return new Failure(
        Kind.BUG, "exception=" + unforeseen.getClass().getName() + " at=" + place, true);
  }

  Kind kind() {
    return kind;
  }

  /** Whether the message has words of the template and numbers alone. */
  boolean quotesNothing() {
    return quotesNothing;
  }

  /** Offset into the template's text; 0 if it is not known. */
  int at() {
    return Math.max(0, at);
  }

  /** Says where, unless that is known. */
  Failure at(int offset) {
    if (at == NOWHERE) {
      at = offset;
    }
    return this;
  }
}
