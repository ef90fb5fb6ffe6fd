package io.penstock.operators.admit;

import io.penstock.schemas.ReasonCode;

/** A record cannot become a prompt. Its message is the dead letter's. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String requestId;
  private final ReasonCode reason;

  RefusedException(String requestId, ReasonCode reason, String message) {
    super(message);
    this.requestId = requestId;
    this.reason = reason;
  }

  String requestId() {
    return requestId;
  }

  ReasonCode reason() {
    return reason;
  }

  /** Refusals are ordinary; nobody looks at their stack. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
