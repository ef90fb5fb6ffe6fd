package io.penstock.udf.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads a GGUF header from front to back. Every length is compared with what is left before
 * anything is allocated for it.
 */
final class GgufCursor {
  private static final int BUFFER_BYTES = 64 << 10;

  /** Whatever a (sparse) file says, no more is walked through; real headers have some 20 MB. */
  private static final long MAX_HEADER_BYTES = 256 << 20;

  /** Most characters of a name in a message. */
  private static final int SHOWN_CHARS = 80;

  private final ModelFile file;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);

  /** Position in the file of the buffer's first byte. */
  private long bufferStart;

  private String reading = "header";

  GgufCursor(ModelFile file, long position) {
    this.file = file;
    this.bufferStart = position;
  }

  /** Says what is being read, for messages. */
  void reading(String what) {
    reading = what;
  }

  /** As {@link #reading(String)}, with a name from the file. */
  void reading(String what, String name) {
    boolean fits = name.length() <= SHOWN_CHARS;
    reading = what + "=" + (fits ? name : name.substring(0, SHOWN_CHARS) + "…");
  }

  long position() {
    return bufferStart + buffer.position();
  }

  /** Bytes left of the file, or of the longest header that is read. */
  long remaining() {
    return Math.min(file.size(), MAX_HEADER_BYTES) - position();
  }

  int u8() throws IOException {
    return need(1).get() & 0xff;
  }

  int i32() throws IOException {
    return need(4).getInt();
  }

  long u32() throws IOException {
    return i32() & 0xffffffffL;
  }

  short i16() throws IOException {
    return need(2).getShort();
  }

  long i64() throws IOException {
    return need(8).getLong();
  }

  /** An unsigned number that must fit a signed long. */
  long u64(String name) throws IOException {
    long value = i64();
    if (value < 0) {
      throw refused(name + "=" + Long.toUnsignedString(value) + " is beyond any file");
    }
    return value;
  }

  /** A count of things that take at least {@code leastBytes} each. */
  long count(String name, long leastBytes) throws IOException {
    long count = u64(name);
    if (count > remaining() / leastBytes) {
      throw refused(name + "=" + count + " cannot fit remainingBytes=" + remaining());
    }
    return count;
  }

  /**
   * A string of UTF-8; what is none becomes U+FFFD.
   *
   * @param maxBytes most bytes that it may have
   */
  String string(long maxBytes) throws IOException {
    long length = count("stringBytes", 1);
    if (length > maxBytes) {
      throw refused("stringBytes=" + length + " limit=" + maxBytes);
    }
    byte[] bytes = new byte[(int) length];
    int buffered = Math.min(buffer.remaining(), bytes.length);
    buffer.get(bytes, 0, buffered);
    if (buffered < bytes.length) {
      file.read(position(), bytes, buffered, bytes.length - buffered);
      moveTo(position() + bytes.length - buffered);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Passes over bytes that must be there. */
  void skip(long bytes) throws IOException {
    if (bytes > remaining()) {
      throw refused("bytes=" + bytes + " cannot fit remainingBytes=" + remaining());
    }
    if (bytes <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) bytes);
    } else {
      moveTo(position() + bytes);
    }
  }

  ModelFileException refused(String what) {
    return new ModelFileException(
        "cannot use GGUF file: file="
            + file.path()
            + " at="
            + position()
            + " "
            + reading
            + ": "
            + what);
  }

  private void moveTo(long position) {
    bufferStart = position;
    buffer.position(0).limit(0);
  }

  private ByteBuffer need(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      if (remaining() < bytes) {
        throw refused(
            "the header ends here: fileBytes=" + file.size() + " limit=" + MAX_HEADER_BYTES);
      }
      moveTo(position());
      int length = (int) Math.min(BUFFER_BYTES, remaining());
      file.read(bufferStart, buffer.array(), 0, length);
      buffer.limit(length);
    }
    return buffer;
  }
}
