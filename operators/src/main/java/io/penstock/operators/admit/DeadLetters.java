package io.penstock.operators.admit;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import java.nio.ByteBuffer;

/** Makes dead letters of records. */
public final class DeadLetters {
  private DeadLetters() {}

  /**
   * @param origin the record that is refused; its arrays are shared
   * @param requestId its request_id; null if it is not known
   * @param reason why
   * @param message the same for a person, with the numbers; never the prompt's content
   * @return the dead letter
   */
  public static DeadLetter of(
      SourceRecord origin, String requestId, ReasonCode reason, String message) {
    return new DeadLetter(
        requestId,
        buffer(origin.key()),
        buffer(origin.value()),
        origin.headers().stream()
            .map(header -> new RecordHeader(header.key(), buffer(header.value())))
            .toList(),
        reason,
        message,
        origin.topic(),
        origin.partition(),
        origin.offset());
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
