package io.penstock.udf.model;

import java.io.IOException;

/**
 * A model file is missing, truncated, foreign or contradicts itself. The message names the file,
 * the tensor or key, and the numbers that do not fit.
 */
public final class ModelFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong, with file, tensor or key, and values as {@code name=value}
   */
  public ModelFileException(String message) {
    super(message);
  }

  /**
   * @param message what is wrong, with file, tensor or key, and values as {@code name=value}
   * @param cause what found it
   */
  public ModelFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
