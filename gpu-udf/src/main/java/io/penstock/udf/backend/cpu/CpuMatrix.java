package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import java.nio.ByteBuffer;

/**
 * Rows without gaps, as many as were asked for rounded up to whole tiles, so that products may read
 * and write the whole last tile.
 */
final class CpuMatrix implements Backend.Matrix {
  private final int rows;
  private final int cols;
  private final int rowBytes;
  private final int capacityRows;
  private final NativeBlock memory;
  private final ByteBuffer bytes;

  CpuMatrix(int rows, int cols, int elementBytes) {
    this.rows = rows;
    this.cols = cols;
    this.rowBytes = Math.multiplyExact(cols, elementBytes);
    this.capacityRows = TiledProduct.roundUp(rows);
    long size = (long) capacityRows * rowBytes;
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a matrix must stay below 2 GiB: rows="
              + rows
              + " cols="
              + cols
              + " bytes="
              + size
              + "; lower --chunked-prefill-size");
    }
    this.memory = NativeBlock.allocate(size, "a matrix of rows=" + rows + " cols=" + cols);
    this.bytes = memory.view();
  }

  /** As this backend's matrix, with room for {@code rows}. */
  static CpuMatrix of(Backend.Matrix matrix, int rows) {
    CpuMatrix own = (CpuMatrix) matrix;
    if (rows > own.rows) {
      throw new IllegalArgumentException(
          "matrix too small: rows=" + rows + " capacity=" + own.rows + " cols=" + own.cols);
    }
    return own;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int cols() {
    return cols;
  }

  /** Rows that may be written, a multiple of the tile. */
  int capacityRows() {
    return capacityRows;
  }

  ByteBuffer bytes() {
    return bytes;
  }

  int offset(int row) {
    return row * rowBytes;
  }

  long address(int row) {
    return memory.address() + offset(row);
  }

  @Override
  public void close() {
    memory.close();
  }
}
