package io.penstock.operators.admit;

import io.penstock.schemas.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * How the serializers of values write their parts. All numbers are big-endian.
 *
 * <pre>
 *   bytes  = int32 length (-1 for null) · the bytes
 *   string = bytes, UTF-8          (any length, unlike Java's modified UTF-8)
 *   ints   = int32 count · int32 each
 *   labels = int32 count · each: string key · string value
 *   headers = int32 count · each: string key · bytes value
 * </pre>
 */
public final class Wire {
  private static final int BLOCK_INTS = 2048;

  private Wire() {}

  /**
   * Reads the version that a value begins with.
   *
   * @param type name of the value's type, for the message
   * @param known the version that this build writes
   * @param in from here
   * @throws IOException if it is another version
   */
  public static void readVersion(String type, byte known, DataInputView in) throws IOException {
    byte version = in.readByte();
    if (version != known) {
      throw new IOException(
          "value of another version: type="
              + type
              + " version="
              + version
              + " expected="
              + known
              + "; was it written by another build?");
    }
  }

  /**
   * Reads the version that a value begins with, of a type that can be read in several.
   *
   * @param type name of the value's type, for the message
   * @param oldest that this build reads
   * @param newest that this build reads, and writes
   * @param in from here
   * @return the version
   * @throws IOException if it is another version
   */
  public static byte readVersion(String type, byte oldest, byte newest, DataInputView in)
      throws IOException {
    byte version = in.readByte();
    if (version < oldest || version > newest) {
      throw new IOException(
          "value of another version: type="
              + type
              + " version="
              + version
              + " expected="
              + oldest
              + ".."
              + newest
              + "; was it written by another build?");
    }
    return version;
  }

  /**
   * @param bytes what to write; may be null
   * @param out to here
   * @throws IOException if it cannot be written
   */
  public static void writeBytes(byte[] bytes, DataOutputView out) throws IOException {
    if (bytes == null) {
      out.writeInt(-1);
    } else {
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }

  /**
   * @param in from here
   * @return what was written; may be null
   * @throws IOException if it cannot be read
   */
  public static byte[] readBytes(DataInputView in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  /**
   * @param string what to write; may be null
   * @param out to here
   * @throws IOException if it cannot be written
   */
  public static void writeString(String string, DataOutputView out) throws IOException {
    writeBytes(string == null ? null : string.getBytes(StandardCharsets.UTF_8), out);
  }

  /**
   * @param in from here
   * @return what was written; may be null
   * @throws IOException if it cannot be read
   */
  public static String readString(DataInputView in) throws IOException {
    byte[] bytes = readBytes(in);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * @param ints what to write
   * @param out to here
   * @throws IOException if it cannot be written
   */
  public static void writeInts(int[] ints, DataOutputView out) throws IOException {
    out.writeInt(ints.length);
    byte[] block = new byte[Math.min(ints.length, BLOCK_INTS) * Integer.BYTES];
    for (int from = 0; from < ints.length; from += BLOCK_INTS) {
      int count = Math.min(BLOCK_INTS, ints.length - from);
      ByteBuffer.wrap(block).asIntBuffer().put(ints, from, count);
      out.write(block, 0, count * Integer.BYTES);
    }
  }

  /**
   * @param in from here
   * @return what was written
   * @throws IOException if it cannot be read
   */
  public static int[] readInts(DataInputView in) throws IOException {
    int[] ints = new int[in.readInt()];
    byte[] block = new byte[Math.min(ints.length, BLOCK_INTS) * Integer.BYTES];
    for (int from = 0; from < ints.length; from += BLOCK_INTS) {
      int count = Math.min(BLOCK_INTS, ints.length - from);
      in.readFully(block, 0, count * Integer.BYTES);
      ByteBuffer.wrap(block).asIntBuffer().get(ints, from, count);
    }
    return ints;
  }

  /**
   * @param labels what to write
   * @param out to here
   * @throws IOException if it cannot be written
   */
  public static void writeLabels(Map<String, String> labels, DataOutputView out)
      throws IOException {
    out.writeInt(labels.size());
    for (Map.Entry<String, String> label : labels.entrySet()) {
      writeString(label.getKey(), out);
      writeString(label.getValue(), out);
    }
  }

  /**
   * @param in from here
   * @return what was written
   * @throws IOException if it cannot be read
   */
  public static Map<String, String> readLabels(DataInputView in) throws IOException {
    int count = in.readInt();
    Map<String, String> labels = new HashMap<>();
    for (int left = count; left > 0; left--) {
      String key = readString(in);
      labels.put(key, readString(in));
    }
    return labels;
  }

  /**
   * @param headers what to write
   * @param out to here
   * @throws IOException if it cannot be written
   */
  public static void writeHeaders(List<RecordHeader> headers, DataOutputView out)
      throws IOException {
    out.writeInt(headers.size());
    for (RecordHeader header : headers) {
      writeString(header.getKey(), out);
      writeBytes(bytes(header.getValue()), out);
    }
  }

  /**
   * @param in from here
   * @return what was written
   * @throws IOException if it cannot be read
   */
  public static List<RecordHeader> readHeaders(DataInputView in) throws IOException {
    List<RecordHeader> headers = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      String key = readString(in);
      byte[] value = readBytes(in);
      headers.add(new RecordHeader(key, value == null ? null : ByteBuffer.wrap(value)));
    }
    return headers;
  }

  /**
   * @param buffer may be null
   * @return a copy of its bytes; null for null
   */
  public static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
