package io.penstock.schemas;

import java.nio.charset.StandardCharsets;

/**
 * What {@code penstock local} writes for a line that did not become a result: {@code {"request_id":
 * null, "line": 3, "error": {"reason_code": "...", "message": "..."}}}.
 *
 * @param requestId the prompt's request_id; null if it could not be read
 * @param line number of the line in the input, from 1
 * @param reasonCode why
 * @param message the same for a person; never the prompt's content
 */
public record LineError(String requestId, long line, ReasonCode reasonCode, String message) {

  /**
   * @param deadLetter a dead letter of {@code penstock local}, whose offset is the line
   * @return the same as an answer to that line
   */
  public static LineError of(DeadLetter deadLetter) {
    return new LineError(
        deadLetter.getRequestId(),
        deadLetter.getOffset(),
        deadLetter.getReasonCode(),
        deadLetter.getMessage());
  }

  /**
   * @return one line of JSON, without a line end
   */
  public String toJson() {
    byte[] bytes =
        JsonCodec.write(
            json -> {
              json.writeStartObject();
              json.writeStringField("request_id", requestId);
              json.writeNumberField("line", line);
              json.writeObjectFieldStart("error");
              json.writeStringField("reason_code", reasonCode.name());
              json.writeStringField("message", message);
              json.writeEndObject();
              json.writeEndObject();
            });
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
