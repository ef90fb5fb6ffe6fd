package io.penstock.operators.admit;

import io.penstock.schemas.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a prompt carries besides its tokens: id, routing key, metadata and headers. */
public final class Labels {

  /** Most bytes of a prompt's labels, as {@link #bytes} counts them. */
  public static final int MAX_BYTES = 64 << 10;

  /** Longest id, in bytes of UTF-8, that is repeated on the dead letter of a record like that. */
  static final int MAX_REPEATED_ID_BYTES = 1 << 10;

  private Labels() {}

  /**
   * @param requestId names the prompt
   * @param routingKey its key; may be null
   * @param metadata the caller's labels
   * @param headers {@link CarriedHeaders}
   * @return bytes of all of them, texts in UTF-8
   */
  public static long bytes(
      String requestId,
      String routingKey,
      Map<String, String> metadata,
      List<RecordHeader> headers) {
    long bytes = utf8(requestId) + utf8(routingKey);
    for (Map.Entry<String, String> label : metadata.entrySet()) {
      bytes += utf8(label.getKey()) + utf8(label.getValue());
    }
    for (RecordHeader header : headers) {
      bytes += utf8(header.getKey());
      bytes += header.getValue() == null ? 0 : header.getValue().remaining();
    }
    return bytes;
  }

  /**
   * @param requestId an id; may be null
   * @return the id; null if it is too long to be repeated
   */
  static String repeatable(String requestId) {
    return utf8(requestId) > MAX_REPEATED_ID_BYTES ? null : requestId;
  }

  private static long utf8(String text) {
    return text == null ? 0 : text.getBytes(StandardCharsets.UTF_8).length;
  }
}
