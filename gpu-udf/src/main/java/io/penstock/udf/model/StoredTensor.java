package io.penstock.udf.model;

import java.io.IOException;
import java.util.Objects;

/**
 * A tensor as it lies in a file: rows one after the other, each of whole blocks. Reads through a
 * small buffer of its own per call.
 */
final class StoredTensor implements WeightTensor {
  private static final int BUFFER_BYTES = 256 << 10;
  private static final int INFINITY_BITS = 0x7f800000;

  private final String name;
  private final int rows;
  private final int cols;
  private final TensorType type;
  private final ModelFile file;
  private final long position;

  /**
   * @param cols a multiple of the type's block
   * @param type a type that can be read
   * @param position of the first value, bytes; the tensor lies inside the file
   */
  StoredTensor(String name, int rows, int cols, TensorType type, ModelFile file, long position) {
    this.name = name;
    this.rows = rows;
    this.cols = cols;
    this.type = type;
    this.file = file;
    this.position = position;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int cols() {
    return cols;
  }

  @Override
  public void readRows(int firstRow, int rowCount, float[] out, int outOffset) throws IOException {
    Objects.checkFromIndexSize(firstRow, rowCount, rows);
    int elements = checkedElements(rowCount, cols, out, outOffset);
    int perRead = BUFFER_BYTES / type.blockBytes() * type.blockElements();
    byte[] buffer = new byte[(int) type.bytes(Math.min(perRead, elements))];
    long from = position + type.bytes((long) firstRow * cols);
    for (int done = 0; done < elements; ) {
      int now = Math.min(perRead, elements - done);
      int bytes = (int) type.bytes(now);
      file.read(from, buffer, 0, bytes);
      type.decode(buffer, out, outOffset + done, now);
      checkFinite(firstRow, done, out, outOffset + done, now);
      from += bytes;
      done += now;
    }
  }

  /** One value that is no number, and no prompt would have an answer. */
  private void checkFinite(int firstRow, int done, float[] values, int offset, int count)
      throws ModelFileException {
    int greatest = 0;
    for (int i = offset; i < offset + count; i++) {
      greatest = Math.max(greatest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
    }
    if (greatest < INFINITY_BITS) {
      return;
    }
    int bad = 0;
    while (Float.isFinite(values[offset + bad])) {
      bad++;
    }
    throw new ModelFileException(
        "tensor has a value that is no finite number: file="
            + file.path()
            + " tensor="
            + name
            + " type="
            + type
            + " row="
            + (firstRow + (done + bad) / cols)
            + " col="
            + (done + bad) % cols
            + " value="
            + values[offset + bad]);
  }

  static int checkedElements(int rowCount, int cols, float[] out, int outOffset) {
    long elements = (long) rowCount * cols;
    Objects.checkFromIndexSize(outOffset, elements, out.length);
    return (int) elements;
  }
}
