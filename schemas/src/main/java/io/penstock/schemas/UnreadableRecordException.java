package io.penstock.schemas;

/**
 * A record could not be read. The message says where and what, in numbers and names of fields; it
 * never quotes the content of a prompt, and has no cause that could.
 */
public final class UnreadableRecordException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ReasonCode reasonCode;
  private final String requestId;

  /**
   * @param reasonCode {@code UNREADABLE_RECORD}, {@code UNKNOWN_SCHEMA}, or {@code
   *     EMPTY_REQUEST_ID} where the id is missing
   * @param requestId the record's request_id; null if it could not be read
   * @param message what is wrong, for a person
   */
  public UnreadableRecordException(ReasonCode reasonCode, String requestId, String message) {
    super(message);
    this.reasonCode = reasonCode;
    this.requestId = requestId;
  }

  /**
   * @return why the record could not be read, as a dead letter says it
   */
  public ReasonCode reasonCode() {
    return reasonCode;
  }

  /**
   * @return the record's request_id; null if it could not be read
   */
  public String requestId() {
    return requestId;
  }

  static UnreadableRecordException unreadable(String message) {
    return new UnreadableRecordException(ReasonCode.UNREADABLE_RECORD, null, message);
  }
}
