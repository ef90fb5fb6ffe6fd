package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;

/** The embedding matrix, row by row, in the backend's precision. */
final class PackedEmbedding implements Backend.Embedding {
  private final RowBlocks rows;
  private final int cols;

  PackedEmbedding(RowBlocks rows, int cols) {
    this.rows = rows;
    this.cols = cols;
  }

  RowBlocks rows() {
    return rows;
  }

  int cols() {
    return cols;
  }

  @Override
  public long sizeBytes() {
    return rows.sizeBytes();
  }

  @Override
  public void close() {
    rows.close();
  }
}
