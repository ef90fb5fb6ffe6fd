package io.penstock.udf.model;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The header of a GGUF file, versions 2 and 3, little-endian.
 *
 * <pre>
 *   "GGUF"  version u32  tensors u64  keys u64 | keys and values | tensor table | padding | data
 *   tensor table entry: name, dimensions u32, each u64 (fastest first), type u32, offset u64
 * </pre>
 *
 * Where the data lie is checked by {@link GgufLayout}. Layout: ggml's documentation of GGUF and
 * {@code gguf.cpp}.
 */
final class GgufFile implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(GgufFile.class);
  private static final String ALIGNMENT = "general.alignment";
  private static final int MAGIC = 0x46554747;
  private static final int MAX_TENSORS = 1 << 16;

  /** ggml itself takes names below 64 bytes. */
  private static final int MAX_NAME_BYTES = 255;

  private static final int MAX_DIMENSIONS = 4;

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
    int alignment = metadata.integer(ALIGNMENT).orElse(GgufLayout.DEFAULT_ALIGNMENT);
    if (alignment < 1 || Integer.bitCount(alignment) != 1) {
      throw metadata.refused(ALIGNMENT, "no power of two: value=" + alignment);
    }
    List<GgufLayout.Entry> table = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      cursor.reading("tensor " + i + " of " + tensorCount);
      table.add(entry(cursor));
    }
    GgufLayout layout = GgufLayout.of(file, alignment, cursor.position(), table);
    if (layout.alignment() != alignment) {
      LOG.warn(
          "GGUF file is not laid out as it says, and is read as it is: file={} {}={} laidOutFor={}",
          file.path(),
          ALIGNMENT,
          alignment,
          layout.alignment());
    }
    return new GgufFile(file, metadata, layout.place(file, cursor, table));
  }

  private static GgufLayout.Entry entry(GgufCursor cursor) throws IOException {
    String name = cursor.string(MAX_NAME_BYTES);
    cursor.reading("tensor", name);
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
    return new GgufLayout.Entry(name, type, shape, type.bytes(elements), cursor.u64("offset"));
  }
}
