package io.penstock.operators.stage;

import java.io.IOException;

/**
 * What came over the wire is not what the format says. Fails the task; holds sizes and ids only.
 */
public final class FrameException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what was wrong, with the numbers
   */
  public FrameException(String message) {
    super(message);
  }
}
