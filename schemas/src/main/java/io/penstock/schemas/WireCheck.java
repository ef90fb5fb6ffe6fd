package io.penstock.schemas;

import static io.penstock.schemas.UnreadableRecordException.unreadable;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;

/**
 * Walks over Avro's binary encoding before it is decoded, and allocates nothing by what it finds
 * there. What passes can be decoded in memory proportional to its bytes: no length or count exceeds
 * the bytes at hand, every index is in range, every string is UTF-8, and no byte is left over. (The
 * decoder itself would believe a length of 2 GB.) One walk, one instance.
 */
final class WireCheck {
  private static final int SCRATCH_CHARS = 1024;

  /**
   * A record of a few bytes becomes objects of a hundred; a conversation has far fewer messages.
   */
  private static final int MAX_RECORDS = 250_000;

  private final byte[] bytes;
  private int at;
  private int records;
  private String field = "";

  private WireCheck(byte[] bytes, int offset) {
    this.bytes = bytes;
    this.at = offset;
  }

  /**
   * @param schema the writer's schema; not recursive
   * @param bytes holds the encoding from {@code offset} to its end
   * @param offset where the encoding begins
   * @throws UnreadableRecordException if it is anything but one datum of that schema
   */
  static void check(Schema schema, byte[] bytes, int offset) throws UnreadableRecordException {
    WireCheck walk = new WireCheck(bytes, offset);
    walk.walk(schema);
    if (walk.left() != 0) {
      throw unreadable("bytes after the end of the record: bytes_left=" + walk.left());
    }
  }

  private void walk(Schema schema) throws UnreadableRecordException {
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> bool();
      case INT -> {
        long value = varint();
        if (value != (int) value) {
          throw broken("int out of range: value=" + value);
        }
      }
      case LONG -> varint();
      case FLOAT -> skip(Float.BYTES);
      case DOUBLE -> skip(Double.BYTES);
      case FIXED -> skip(schema.getFixedSize());
      case BYTES -> skip(varint());
      case STRING -> string();
      case ENUM -> index(schema.getEnumSymbols().size());
      case UNION -> walk(schema.getTypes().get(index(schema.getTypes().size())));
      case ARRAY -> blocks(schema.getElementType(), false);
      case MAP -> blocks(schema.getValueType(), true);
      case RECORD -> {
        if (++records > MAX_RECORDS) {
          throw broken("too many records in one: most=" + MAX_RECORDS);
        }
        for (Schema.Field each : schema.getFields()) {
          field = each.name();
          walk(each.schema());
        }
      }
    }
  }

  private void blocks(Schema items, boolean keyed) throws UnreadableRecordException {
    for (long count = varint(); count != 0; count = varint()) {
      int end = -1;
      if (count < 0) {
        count = -count;
        int length = length(varint());
        end = at + length;
      }
      length(count);
      for (long i = 0; i < count; i++) {
        if (keyed) {
          string();
        }
        walk(items);
      }
      if (end >= 0 && at != end) {
        throw broken("block is not as long as it says: byte=" + at + " expected=" + end);
      }
    }
  }

  private void string() throws UnreadableRecordException {
    int length = length(varint());
    int end = at + length;
    int ascii = at;
    while (ascii < end && bytes[ascii] >= 0) {
      ascii++;
    }
    if (ascii < end && !utf8(ByteBuffer.wrap(bytes, ascii, end - ascii))) {
      throw broken("string is not UTF-8: byte=" + at + " length=" + length);
    }
    at = end;
  }

  private static boolean utf8(ByteBuffer in) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer scratch = CharBuffer.allocate(SCRATCH_CHARS);
    CoderResult result;
    do {
      scratch.clear();
      result = decoder.decode(in, scratch, true);
    } while (result.isOverflow());
    return !result.isError();
  }

  private int index(int bound) throws UnreadableRecordException {
    long value = varint();
    if (value < 0 || value >= bound) {
      throw broken("index out of range: value=" + value + " bound=" + bound);
    }
    return (int) value;
  }

  private void bool() throws UnreadableRecordException {
    int start = at;
    skip(1);
    if ((bytes[start] & ~1) != 0) {
      throw broken("boolean is neither 0 nor 1: byte=" + start);
    }
  }

  private void skip(long count) throws UnreadableRecordException {
    at += length(count);
  }

  /** A count of things that take a byte or more each cannot exceed the bytes that are left. */
  private int length(long value) throws UnreadableRecordException {
    if (value < 0 || value > left()) {
      throw broken("length exceeds the record: length=" + value + " bytes_left=" + left());
    }
    return (int) value;
  }

  private long varint() throws UnreadableRecordException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (left() == 0) {
        throw broken("record ends too early: bytes=" + bytes.length);
      }
      byte next = bytes[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value >>> 1 ^ -(value & 1);
      }
    }
    throw broken("number is too long: byte=" + at);
  }

  private int left() {
    return bytes.length - at;
  }

  private UnreadableRecordException broken(String what) {
    return unreadable(what + " field=" + field);
  }
}
