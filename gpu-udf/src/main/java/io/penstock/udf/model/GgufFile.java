package io.penstock.udf.model;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a GGUF file, versions 2 and 3, little-endian.
 *
 * <pre>
 *   "GGUF"  version u32  tensors u64  keys u64 | keys and values | tensor table | padding | data
 *   tensor table entry: name, dimensions u32, each u64 (fastest first), type u32, offset u64
 * </pre>
 *
 * Offsets count from the start of the data and must be what ggml demands: each tensor follows the
 * one before it in the table, padded to the alignment. So nothing overlaps, and a file whose data
 * was laid out for another alignment than it says is refused, not misread. Layout: ggml's
 * documentation of GGUF and {@code gguf.cpp}.
 */
final class GgufFile implements Closeable {
  private static final int MAGIC = 0x46554747;
  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_DIMENSIONS = 4;
  private static final int DEFAULT_ALIGNMENT = 32;

  /** Name length, one dimension, type and offset. */
  private static final int LEAST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

  /** Key length, value type and value. */
  private static final int LEAST_KEY_BYTES = 8 + 4 + 1;

  private final ModelFile file;
  private final GgufMetadata metadata;
  private final Map<String, RawTensor> tensors;

  private GgufFile(ModelFile file, GgufMetadata metadata, Map<String, RawTensor> tensors) {
    this.file = file;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Reads the header.
   *
   * @return owned by the caller
   * @throws ModelFileException if it is no GGUF file that can be read
   */
  static GgufFile open(Path path) throws IOException {
    ModelFile file = ModelFile.open(path);
    try {
      return read(file);
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  GgufMetadata metadata() {
    return metadata;
  }

  /** Tensors by the file's names, in the order of its table. */
  Map<String, RawTensor> tensors() {
    return tensors;
  }

  Path path() {
    return file.path();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static GgufFile read(ModelFile file) throws IOException {
    GgufCursor cursor = new GgufCursor(file, 0);
    if (cursor.remaining() < 4 || cursor.i32() != MAGIC) {
      throw new ModelFileException(
          "not a GGUF file: file="
              + file.path()
              + " fileBytes="
              + file.size()
              + "; a model is a GGUF file, or a directory with config.json and safetensors files");
    }
    int version = cursor.i32();
    if (version != 2 && version != 3) {
      throw cursor.refused(
          Integer.reverseBytes(version) == 3 || Integer.reverseBytes(version) == 2
              ? "big-endian files are not read"
              : "version=" + Integer.toUnsignedString(version) + "; versions read: 2, 3");
    }
    long tensorCount = cursor.count("tensors", LEAST_TENSOR_BYTES);
    long keys = cursor.count("metadataKeys", LEAST_KEY_BYTES);
    if (tensorCount > MAX_TENSORS) {
      throw cursor.refused("tensors=" + tensorCount + " limit=" + MAX_TENSORS);
    }
    GgufMetadata metadata = GgufMetadata.read(file, cursor, keys);
    int alignment = metadata.integer("general.alignment").orElse(DEFAULT_ALIGNMENT);
    if (alignment < 1 || Integer.bitCount(alignment) != 1) {
      throw metadata.refused("general.alignment", "no power of two: value=" + alignment);
    }
    List<Entry> table = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      cursor.reading("tensor " + i + " of " + tensorCount);
      table.add(entry(cursor));
    }
    return new GgufFile(file, metadata, placed(file, cursor, table, alignment));
  }

  /** A line of the tensor table. */
  private record Entry(String name, TensorType type, List<Long> shape, long bytes, long offset) {}

  private static Entry entry(GgufCursor cursor) throws IOException {
    String name = cursor.string();
    cursor.reading("tensor=" + name);
    long dimensions = cursor.u32();
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw cursor.refused("dimensions=" + dimensions + " limit=" + MAX_DIMENSIONS);
    }
    List<Long> shape = new ArrayList<>();
    long elements = 1;
    for (int i = 0; i < dimensions; i++) {
      long size = cursor.u64("size");
      if (size < 1 || elements > Long.MAX_VALUE / size) {
        throw cursor.refused(
            "sizes are empty or beyond any file: sizes=" + shape + " next=" + size);
      }
      elements *= size;
      shape.add(0, size);
    }
    long typeId = cursor.u32();
    TensorType type =
        TensorType.ofGgmlId(typeId)
            .orElseThrow(
                () ->
                    cursor.refused(
                        "unknown type: type="
                            + typeId
                            + "; types read: "
                            + TensorType.readableNames()));
    long cols = shape.get(shape.size() - 1);
    if (cols % type.blockElements() != 0 || elements > Long.MAX_VALUE / 8) {
      throw cursor.refused(
          "rows are no whole blocks: shape="
              + shape
              + " type="
              + type
              + " blockElements="
              + type.blockElements());
    }
    return new Entry(name, type, shape, type.bytes(elements), cursor.u64("offset"));
  }

  private static Map<String, RawTensor> placed(
      ModelFile file, GgufCursor cursor, List<Entry> table, int alignment)
      throws ModelFileException {
    Map<String, RawTensor> tensors = new LinkedHashMap<>();
    long dataStart = padded(cursor.position(), alignment);
    long next = 0;
    for (Entry entry : table) {
      cursor.reading("tensor=" + entry.name);
      if (entry.offset != next) {
        throw cursor.refused(
            "the tensor does not follow the one before it: offset="
                + entry.offset
                + " expected="
                + next
                + " alignment="
                + alignment);
      }
      long available = file.size() - dataStart - entry.offset;
      if (entry.bytes > available) {
        throw cursor.refused(
            "the tensor ends beyond the file: bytes="
                + entry.bytes
                + " position="
                + (dataStart + entry.offset)
                + " fileBytes="
                + file.size()
                + " alignment="
                + alignment);
      }
      RawTensor tensor =
          new RawTensor(
              entry.name,
              entry.type,
              entry.type.name(),
              entry.shape,
              file,
              dataStart + entry.offset);
      if (tensors.put(entry.name, tensor) != null) {
        throw cursor.refused("the tensor is there twice");
      }
      next = padded(entry.offset + entry.bytes, alignment);
    }
    return tensors;
  }

  /** Sizes are within the file here, and alignments below 2^31: no overflow. */
  private static long padded(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }
}
