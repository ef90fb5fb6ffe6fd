package io.penstock.udf.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file.
 *
 * <pre>
 *   header bytes u64 | {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …} | data
 * </pre>
 *
 * Offsets count from the start of the data. As the format demands, the tensors cover the data
 * without holes or overlaps. Layout: the format's README.
 */
final class SafetensorsFile implements Closeable {
  private static final int MAX_HEADER_BYTES = 32 << 20;
  private static final int MAX_DIMENSIONS = 8;

  /** Of one file; mixtures of experts have some 10^5 in all their files. */
  private static final int MAX_TENSORS = 1 << 17;

  private static final int MAX_NAME_CHARS = 1000;
  private static final String METADATA = "__metadata__";

  /** Element sizes of the types that have whole bytes; null: left unchecked, never read. */
  private static final Map<String, Integer> ELEMENT_BYTES =
      Map.ofEntries(
          Map.entry("F64", 8),
          Map.entry("I64", 8),
          Map.entry("U64", 8),
          Map.entry("F32", 4),
          Map.entry("I32", 4),
          Map.entry("U32", 4),
          Map.entry("F16", 2),
          Map.entry("BF16", 2),
          Map.entry("I16", 2),
          Map.entry("U16", 2),
          Map.entry("F8_E4M3", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("I8", 1),
          Map.entry("U8", 1),
          Map.entry("BOOL", 1));

  private static final Map<String, TensorType> TYPES =
      Map.of("F32", TensorType.F32, "F16", TensorType.F16, "BF16", TensorType.BF16);

  private final ModelFile file;
  private final Map<String, RawTensor> tensors;

  private SafetensorsFile(ModelFile file, Map<String, RawTensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Reads the header.
   *
   * @return owned by the caller
   * @throws ModelFileException if it is no safetensors file that can be read
   */
  static SafetensorsFile open(Path path) throws IOException {
    ModelFile file = ModelFile.open(path);
    try {
      return new SafetensorsFile(file, read(file));
    } catch (JsonProcessingException e) {
      file.close();
      throw Json.unreadable(path, e);
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  Path path() {
    return file.path();
  }

  Map<String, RawTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /** A line of the header. */
  private record Entry(String name, String dtype, List<Long> shape, long begin, long end) {}

  private static Map<String, RawTensor> read(ModelFile file) throws IOException {
    byte[] prefix = new byte[8];
    file.read(0, prefix, 0, prefix.length);
    long headerBytes = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES || headerBytes > file.size() - 8) {
      throw refused(
          file,
          "headerBytes="
              + Long.toUnsignedString(headerBytes)
              + " fileBytes="
              + file.size()
              + " limit="
              + MAX_HEADER_BYTES);
    }
    byte[] header = new byte[(int) headerBytes];
    file.read(8, header, 0, header.length);
    List<Entry> entries;
    try (JsonParser json = Json.parser(header)) {
      entries = entries(file, json);
    }
    return placed(file, entries, 8 + headerBytes);
  }

  private static List<Entry> entries(ModelFile file, JsonParser json) throws IOException {
    List<Entry> entries = new ArrayList<>();
    expect(file, json.nextToken() == JsonToken.START_OBJECT, "header", "no JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals(METADATA)) {
        json.skipChildren();
      } else {
        expect(file, name.length() <= MAX_NAME_CHARS, "(long name)", "nameChars=" + name.length());
        entries.add(entry(file, json, name));
        expect(file, entries.size() <= MAX_TENSORS, name, "too many: limit=" + MAX_TENSORS);
      }
    }
    expect(file, json.nextToken() == null, "header", "something follows the JSON object");
    return entries;
  }

  private static Entry entry(ModelFile file, JsonParser json, String name) throws IOException {
    expect(file, json.currentToken() == JsonToken.START_OBJECT, name, "no JSON object");
    String dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      switch (field) {
        case "dtype" -> {
          expect(file, value == JsonToken.VALUE_STRING, name, "dtype is no string");
          dtype = json.getText();
        }
        case "shape" -> shape = numbers(file, json, name, field);
        case "data_offsets" -> offsets = numbers(file, json, name, field);
        default -> json.skipChildren();
      }
    }
    expect(
        file,
        dtype != null && shape != null && offsets != null && offsets.size() == 2,
        name,
        "dtype=" + dtype + " shape=" + shape + " data_offsets=" + offsets);
    return new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private static List<Long> numbers(ModelFile file, JsonParser json, String name, String field)
      throws IOException {
    expect(file, json.currentToken() == JsonToken.START_ARRAY, name, field + " is no array");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(
          file,
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0
              && numbers.size() < MAX_DIMENSIONS,
          name,
          field + " has a number that is negative, broken or one too many: after=" + numbers);
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  private static Map<String, RawTensor> placed(ModelFile file, List<Entry> entries, long dataStart)
      throws ModelFileException {
    List<Entry> byPosition = new ArrayList<>(entries);
    byPosition.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    Map<String, RawTensor> tensors = new LinkedHashMap<>();
    long dataBytes = file.size() - dataStart;
    long next = 0;
    for (Entry entry : byPosition) {
      String offsets = "data_offsets=[" + entry.begin + ", " + entry.end + "]";
      expect(
          file,
          entry.begin == next && entry.end >= entry.begin,
          entry.name,
          "hole or overlap: " + offsets + " expectedBegin=" + next);
      expect(
          file,
          entry.end <= dataBytes,
          entry.name,
          "the tensor ends beyond the file: " + offsets + " dataBytes=" + dataBytes);
      expect(
          file,
          sizeFits(entry),
          entry.name,
          "size and shape differ: " + offsets + " dtype=" + entry.dtype + " shape=" + entry.shape);
      tensors.put(
          entry.name,
          new RawTensor(
              entry.name,
              TYPES.get(entry.dtype),
              entry.dtype,
              entry.shape,
              file,
              dataStart + entry.begin));
      next = entry.end;
    }
    expect(
        file,
        next == dataBytes,
        "(last)",
        "bytes after the last tensor: end=" + next + " dataBytes=" + dataBytes);
    return tensors;
  }

  private static boolean sizeFits(Entry entry) {
    Integer elementBytes = ELEMENT_BYTES.get(entry.dtype);
    if (elementBytes == null) {
      return true;
    }
    long bytes = elementBytes;
    for (long size : entry.shape) {
      if (size != 0 && bytes > Long.MAX_VALUE / size) {
        return false;
      }
      bytes *= size;
    }
    return bytes == entry.end - entry.begin;
  }

  private static void expect(ModelFile file, boolean fits, String tensor, String otherwise)
      throws ModelFileException {
    if (!fits) {
      throw refused(file, "tensor=" + tensor + ": " + otherwise);
    }
  }

  private static ModelFileException refused(ModelFile file, String what) {
    return new ModelFileException("cannot use safetensors file: file=" + file.path() + " " + what);
  }
}
