package io.penstock.udf.model;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the tensors of a GGUF file lie. As ggml demands, each follows the one before it in the
 * table, padded to the alignment, so that nothing overlaps.
 *
 * <p>The alignment is what {@code general.alignment} says, or 32 where the file was laid out for
 * that nevertheless: llama-quantize copies the key and ignores it. Mostly the offsets tell. Where
 * they suit both (all sizes are multiples of both), the data start at one of two places, and the
 * bytes between tell: they are padding, so zero, or values. Why: {@code
 * docs/decisions/gguf-alignment.md}.
 *
 * @param alignment of tensors, bytes; a power of two
 * @param dataStart where offsets count from, bytes
 */
record GgufLayout(int alignment, long dataStart) {
  static final int DEFAULT_ALIGNMENT = 32;

  /** A line of the tensor table. */
  record Entry(String name, TensorType type, List<Long> shape, long bytes, long offset) {}

  /**
   * @param said what {@code general.alignment} says, a power of two, or 32 without it
   * @param headerEnd one past the tensor table, bytes
   */
  static GgufLayout of(ModelFile file, int said, long headerEnd, List<Entry> table)
      throws IOException {
    GgufLayout asSaid = new GgufLayout(said, padded(headerEnd, said));
    GgufLayout usual = new GgufLayout(DEFAULT_ALIGNMENT, padded(headerEnd, DEFAULT_ALIGNMENT));
    if (table.isEmpty() || !usual.suits(table)) {
      return asSaid;
    }
    if (!asSaid.suits(table)) {
      return usual;
    }
    if (asSaid.dataStart >= usual.dataStart) {
      return isZero(file, usual.dataStart, asSaid.dataStart) ? asSaid : usual;
    }
    boolean padding = isZero(file, asSaid.dataStart, usual.dataStart);
    return padding && usual.endsWith(file, table) ? usual : asSaid;
  }

  /** Whether each tensor follows the one before it. */
  private boolean suits(List<Entry> table) {
    long next = 0;
    for (Entry entry : table) {
      if (entry.offset != next || entry.bytes > Long.MAX_VALUE / 2 - next) {
        return false;
      }
      next = padded(entry.offset + entry.bytes, alignment);
    }
    return true;
  }

  /** Whether the file ends with the last tensor and its padding; the table suits. */
  private boolean endsWith(ModelFile file, List<Entry> table) {
    Entry last = table.get(table.size() - 1);
    long end = dataStart + last.offset + last.bytes;
    return file.size() >= end && file.size() <= padded(end, alignment);
  }

  /** Whether these bytes are zero, as far as they are there. */
  private static boolean isZero(ModelFile file, long from, long to) throws IOException {
    byte[] buffer = new byte[4096];
    long end = Math.min(to, file.size());
    for (long at = from; at < end; at += buffer.length) {
      int length = (int) Math.min(buffer.length, end - at);
      file.read(at, buffer, 0, length);
      for (int i = 0; i < length; i++) {
        if (buffer[i] != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * @param cursor for messages
   * @return the tensors by the file's names, in the order of its table
   * @throws ModelFileException if one does not lie where it must
   */
  Map<String, RawTensor> place(ModelFile file, GgufCursor cursor, List<Entry> table)
      throws ModelFileException {
    Map<String, RawTensor> tensors = new LinkedHashMap<>();
    long next = 0;
    for (Entry entry : table) {
      cursor.reading("tensor", entry.name);
      if (entry.offset != next) {
        throw cursor.refused(
            "the tensor does not follow the one before it: offset="
                + entry.offset
                + " expected="
                + next
                + " alignment="
                + alignment);
      }
      if (entry.bytes > file.size() - dataStart - entry.offset) {
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

  /** Positions are below 2^62 here, and alignments below 2^31: no overflow. */
  private static long padded(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }
}
