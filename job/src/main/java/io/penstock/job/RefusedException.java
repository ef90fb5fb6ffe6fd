package io.penstock.job;

/**
 * The command cannot be carried out as asked. The message is for the person who typed it: what is
 * wrong, the values, and which option changes it. Shown without a stack trace.
 */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong, with values as {@code name=value}, and which option changes it
   */
  public RefusedException(String message) {
    super(message);
  }

  /**
   * @param message what is wrong, with values as {@code name=value}, and which option changes it
   * @param cause what found it; not shown
   */
  public RefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
