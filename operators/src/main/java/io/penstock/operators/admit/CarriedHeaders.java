package io.penstock.operators.admit;

import io.penstock.schemas.RecordHeader;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The headers of a prompt's record that its result gets too, under the same names, with the same
 * bytes and in the same order: trace context ({@code traceparent}, {@code tracestate}) and the
 * attributes of a CloudEvent in binary mode ({@code ce_…}).
 */
public final class CarriedHeaders {
  private CarriedHeaders() {}

  /**
   * @param headers of a record
   * @return those that are carried; values are shared
   */
  public static List<RecordHeader> of(List<SourceRecord.Header> headers) {
    return headers.stream()
        .filter(header -> isCarried(header.key()))
        .map(header -> new RecordHeader(header.key(), buffer(header.value())))
        .toList();
  }

  private static boolean isCarried(String name) {
    return name.equals("traceparent") || name.equals("tracestate") || name.startsWith("ce_");
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
