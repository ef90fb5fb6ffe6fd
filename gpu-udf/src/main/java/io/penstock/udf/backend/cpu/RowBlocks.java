package io.penstock.udf.backend.cpu;

import java.nio.ByteBuffer;

/** Rows of equal size in one {@link NativeBlock} of any size, seen through views below 2 GiB. */
final class RowBlocks implements AutoCloseable {
  private static final int VIEW_BYTES = 1 << 30;

  private final NativeBlock memory;
  private final ByteBuffer[] views;
  private final int rows;
  private final int rowBytes;
  private final int rowsPerView;

  /**
   * @param rows how many
   * @param rowBytes bytes of each, at most 1 GiB
   * @param purpose see {@link NativeBlock#allocate}
   */
  RowBlocks(int rows, int rowBytes, String purpose) {
    this.rows = rows;
    this.rowBytes = rowBytes;
    this.rowsPerView = VIEW_BYTES / rowBytes;
    this.memory = NativeBlock.allocate((long) rows * rowBytes, purpose);
    this.views = new ByteBuffer[(rows + rowsPerView - 1) / rowsPerView];
    for (int i = 0; i < views.length; i++) {
      long first = (long) i * rowsPerView;
      long count = Math.min(rowsPerView, rows - first);
      views[i] = memory.view(first * rowBytes, count * rowBytes);
    }
  }

  int rows() {
    return rows;
  }

  long sizeBytes() {
    return memory.sizeBytes();
  }

  /** Of the first row. */
  long address() {
    return memory.address();
  }

  /** The view that holds a row. */
  ByteBuffer view(int row) {
    return views[row / rowsPerView];
  }

  /** Where in its view a row begins. */
  int offset(int row) {
    return row % rowsPerView * rowBytes;
  }

  @Override
  public void close() {
    memory.close();
  }
}
