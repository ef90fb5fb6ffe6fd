package io.penstock.udf.backend.cpu;

/**
 * Shape of one matrix product {@code result[rows × cols] = source[rows × inner] · weights[inner ×
 * cols]}; source and result are row-major with a stride, the result is float32.
 *
 * @param precision type of source and weights
 * @param rows rows of a call
 * @param inner length of the sums
 * @param cols columns of the result
 * @param sourceStride elements from one row of the source to the next
 * @param resultStride elements from one row of the result to the next
 * @param bias whether a float32 vector of {@code cols} is added
 * @param layout how the weights lie
 */
record ProductShape(
    CpuPrecision precision,
    int rows,
    int inner,
    int cols,
    int sourceStride,
    int resultStride,
    boolean bias,
    Layout layout) {

  /** How the right-hand side lies in memory. */
  enum Layout {
    /** As oneDNN likes it best; packed once. */
    PACKED,
    /** {@code cols × inner}, row-major: one row for each column of the result (keys). */
    TRANSPOSED,
    /** {@code inner × cols}, row-major (values). */
    PLAIN
  }

  /** A product with packed weights over dense matrices. */
  static ProductShape packed(CpuPrecision precision, int rows, int inner, int cols, boolean bias) {
    return new ProductShape(precision, rows, inner, cols, inner, cols, bias, Layout.PACKED);
  }

  /** The same product with another number of rows. */
  ProductShape withRows(int newRows) {
    return new ProductShape(
        precision, newRows, inner, cols, sourceStride, resultStride, bias, layout);
  }
}
