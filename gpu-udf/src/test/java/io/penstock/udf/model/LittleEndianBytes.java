package io.penstock.udf.model;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes of model files, one value after the other. */
final class LittleEndianBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  LittleEndianBytes i32(int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.write(value >> shift);
    }
    return this;
  }

  LittleEndianBytes i64(long value) {
    return i32((int) value).i32((int) (value >> 32));
  }

  LittleEndianBytes f32(float value) {
    return i32(Float.floatToRawIntBits(value));
  }

  LittleEndianBytes raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  LittleEndianBytes zeros(int count) {
    return raw(new byte[count]);
  }

  /** Length and UTF-8, as GGUF has it. */
  LittleEndianBytes text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return i64(utf8.length).raw(utf8);
  }

  int size() {
    return out.size();
  }

  byte[] array() {
    return out.toByteArray();
  }
}
