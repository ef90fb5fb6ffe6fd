package io.penstock.udf.model;

import java.io.IOException;

/**
 * A model file is missing, truncated, foreign or contradicts itself. The message names the file,
 * the tensor or key, and the numbers that do not fit. What it quotes of the file is not trusted:
 * whatever would break a line of a log, or reorder it, is shown as a question mark, and a long
 * message is cut.
 */
public final class ModelFileException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_CHARS = 2000;

  /**
   * @param message what is wrong, with file, tensor or key, and values as {@code name=value}
   */
  public ModelFileException(String message) {
    super(printable(message));
  }

  /**
   * @param message what is wrong, with file, tensor or key, and values as {@code name=value}
   * @param cause what found it
   */
  public ModelFileException(String message, Throwable cause) {
    super(printable(message), cause);
  }

  private static String printable(String message) {
    StringBuilder shown = new StringBuilder();
    for (int at = 0; at < Math.min(message.length(), MAX_CHARS); ) {
      int character = message.codePointAt(at);
      shown.appendCodePoint(isPrintable(character) ? character : '?');
      at += Character.charCount(character);
    }
    return message.length() > MAX_CHARS ? shown + "…" : shown.toString();
  }

  private static boolean isPrintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }
}
