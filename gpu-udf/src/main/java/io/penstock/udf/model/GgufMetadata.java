package io.penstock.udf.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The key-value part of a GGUF file. Scalars and strings are kept; arrays (a vocabulary takes
 * megabytes) stay in the file and are read when asked for.
 */
final class GgufMetadata {
  private static final int FLOAT32 = 6;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int MAX_ARRAY_DEPTH = 4;
  private static final int MAX_KEYS = 1 << 16;

  /** The format's own limit. */
  private static final int MAX_KEY_BYTES = (1 << 16) - 1;

  /** Of all keys and string values; the longest in use are tokenizers of some 10 MB. */
  private static final int MAX_TEXT_BYTES = 64 << 20;

  /** Of an array that is read; vocabularies have up to 2^18, merges twice that. */
  private static final int MAX_ELEMENTS = 1 << 22;

  /** Of all strings of an array that is read. */
  private static final int MAX_ARRAY_TEXT_BYTES = 64 << 20;

  /** Bytes of the scalar types, by type number; 0 for those without a fixed size. */
  private static final List<Integer> SCALAR_BYTES = List.of(1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8);

  /** An array that is still in the file: {@code count} elements from {@code position} on. */
  private record ArrayValue(int elementType, long count, long position) {}

  private final ModelFile file;
  private long textBytesLeft = MAX_TEXT_BYTES;

  /** Long, Double, Boolean, String or ArrayValue. */
  private final Map<String, Object> values = new LinkedHashMap<>();

  private GgufMetadata(ModelFile file) {
    this.file = file;
  }

  /** Reads {@code count} pairs; leaves the cursor behind them. */
  static GgufMetadata read(ModelFile file, GgufCursor cursor, long count) throws IOException {
    if (count > MAX_KEYS) {
      throw cursor.refused("metadataKeys=" + count + " limit=" + MAX_KEYS);
    }
    GgufMetadata metadata = new GgufMetadata(file);
    for (long i = 0; i < count; i++) {
      cursor.reading("metadata key " + i + " of " + count);
      String key = metadata.text(cursor, MAX_KEY_BYTES);
      cursor.reading("key", key);
      Object value = metadata.value(cursor, cursor.i32());
      if (metadata.values.put(key, value) != null) {
        throw cursor.refused("the key is there twice");
      }
    }
    return metadata;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  Optional<String> string(String key) throws ModelFileException {
    return typed(key, String.class, "a string");
  }

  Optional<Boolean> bool(String key) throws ModelFileException {
    return typed(key, Boolean.class, "a bool");
  }

  Optional<Double> number(String key) throws ModelFileException {
    if (values.get(key) instanceof Long value) {
      return Optional.of((double) value);
    }
    return typed(key, Double.class, "a number");
  }

  Optional<Integer> integer(String key) throws ModelFileException {
    Optional<Long> value = typed(key, Long.class, "an integer");
    if (value.isPresent() && value.get() != value.get().intValue()) {
      throw refused(key, "value=" + value.get() + " does not fit 32 bits");
    }
    return value.map(Long::intValue);
  }

  /** As {@link #integer}, for a key that must be there. */
  int requiredInteger(String key) throws ModelFileException {
    return integer(key).orElseThrow(() -> refused(key, "the key is missing"));
  }

  /** Length of an array, if it is there. */
  Optional<Long> arrayLength(String key) throws ModelFileException {
    return typed(key, ArrayValue.class, "an array").map(ArrayValue::count);
  }

  /** Reads an array of strings. */
  List<String> strings(String key) throws IOException {
    ArrayValue array = array(key);
    if (array.elementType != STRING) {
      throw refused(key, "elements are no strings: elementType=" + array.elementType);
    }
    GgufCursor cursor = cursor(key, array);
    List<String> strings = new ArrayList<>();
    long end = cursor.position() + 8 * array.count + MAX_ARRAY_TEXT_BYTES;
    for (long i = 0; i < array.count; i++) {
      strings.add(cursor.string(end - cursor.position() - 8 * (array.count - i)));
    }
    return strings;
  }

  /** Reads an array of integers. */
  List<Integer> integers(String key) throws IOException {
    ArrayValue array = array(key);
    if (SCALAR_BYTES.get(array.elementType) == 0) {
      throw refused(key, "elements are no integers: elementType=" + array.elementType);
    }
    GgufCursor cursor = cursor(key, array);
    List<Integer> integers = new ArrayList<>();
    for (long i = 0; i < array.count; i++) {
      if (!(value(cursor, array.elementType) instanceof Long value) || value != value.intValue()) {
        throw refused(key, "not all elements are integers: index=" + i);
      }
      integers.add(value.intValue());
    }
    return integers;
  }

  /** Reads an array of float32. */
  float[] floats(String key) throws IOException {
    ArrayValue array = array(key);
    if (array.elementType != FLOAT32) {
      throw refused(key, "elements are not float32: elementType=" + array.elementType);
    }
    GgufCursor cursor = cursor(key, array);
    float[] floats = new float[(int) array.count];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(cursor.i32());
    }
    return floats;
  }

  /** Names the file, for messages. */
  String source() {
    return "file=" + file.path();
  }

  ModelFileException refused(String key, String what) {
    return new ModelFileException(
        "cannot use GGUF file: file=" + file.path() + " key=" + key + ": " + what);
  }

  private ArrayValue array(String key) throws ModelFileException {
    ArrayValue array =
        typed(key, ArrayValue.class, "an array")
            .orElseThrow(() -> refused(key, "the key is missing"));
    if (array.count > MAX_ELEMENTS) {
      throw refused(key, "elements=" + array.count + " limit=" + MAX_ELEMENTS);
    }
    return array;
  }

  private GgufCursor cursor(String key, ArrayValue array) {
    GgufCursor cursor = new GgufCursor(file, array.position);
    cursor.reading("key", key);
    return cursor;
  }

  private <T> Optional<T> typed(String key, Class<T> type, String name) throws ModelFileException {
    Object value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw refused(key, "not " + name + ": value=" + value);
    }
    return Optional.of(type.cast(value));
  }

  private Object value(GgufCursor cursor, int type) throws IOException {
    return switch (type) {
      case 0 -> (long) cursor.u8();
      case 1 -> (long) (byte) cursor.u8();
      case 2 -> (long) (cursor.i16() & 0xffff);
      case 3 -> (long) cursor.i16();
      case 4 -> cursor.u32();
      case 5 -> (long) cursor.i32();
      case FLOAT32 -> (double) Float.intBitsToFloat(cursor.i32());
      case 7 -> bool(cursor);
      case STRING -> text(cursor, MAX_TEXT_BYTES);
      case ARRAY -> array(cursor, 1);
      case 10 -> cursor.u64("value");
      case 11 -> cursor.i64();
      case 12 -> Double.longBitsToDouble(cursor.i64());
      default -> throw cursor.refused("unknown value type: valueType=" + type);
    };
  }

  /** A string that is kept. */
  private String text(GgufCursor cursor, int maxBytes) throws IOException {
    long start = cursor.position();
    String text = cursor.string(Math.min(maxBytes, textBytesLeft));
    textBytesLeft -= cursor.position() - start - 8;
    return text;
  }

  private static boolean bool(GgufCursor cursor) throws IOException {
    int value = cursor.u8();
    if (value > 1) {
      throw cursor.refused("not a bool: value=" + value);
    }
    return value == 1;
  }

  private static ArrayValue array(GgufCursor cursor, int depth) throws IOException {
    if (depth > MAX_ARRAY_DEPTH) {
      throw cursor.refused("arrays in arrays: depth=" + depth + " limit=" + MAX_ARRAY_DEPTH);
    }
    int type = cursor.i32();
    if (type < 0 || type >= SCALAR_BYTES.size()) {
      throw cursor.refused("unknown element type: elementType=" + type);
    }
    int scalarBytes = SCALAR_BYTES.get(type);
    int leastBytes = type == STRING ? 8 : type == ARRAY ? 12 : scalarBytes;
    long count = cursor.count("elements", leastBytes);
    ArrayValue array = new ArrayValue(type, count, cursor.position());
    if (scalarBytes > 0) {
      cursor.skip(count * scalarBytes);
    } else {
      for (long i = 0; i < count; i++) {
        if (type == STRING) {
          cursor.skip(cursor.u64("stringBytes"));
        } else {
          array(cursor, depth + 1);
        }
      }
    }
    return array;
  }
}
