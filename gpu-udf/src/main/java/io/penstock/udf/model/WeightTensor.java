package io.penstock.udf.model;

import java.io.IOException;

/**
 * One tensor of a model file, row-major, not yet read. A matrix has {@code rows} output features of
 * {@code cols} input features each (as torch's {@code Linear.weight}); a vector has one row.
 * Whatever the stored type, values are read as the exact float32 that the type stands for. Safe for
 * use by several threads.
 */
public interface WeightTensor {

  /**
   * @return canonical name, as Hugging Face has it: {@code model.layers.0.self_attn.q_proj.weight}
   */
  String name();

  /**
   * @return rows; 1 for a vector
   */
  int rows();

  /**
   * @return columns; the length of a vector
   */
  int cols();

  /**
   * Reads and dequantises whole rows.
   *
   * @param firstRow first row to read
   * @param rowCount rows to read
   * @param out receives {@code rowCount * cols()} values
   * @param outOffset where in {@code out}
   * @throws IOException if the file cannot be read or is truncated, or has a value there that is no
   *     finite number
   * @throws IndexOutOfBoundsException if the rows are not in the tensor
   */
  void readRows(int firstRow, int rowCount, float[] out, int outOffset) throws IOException;
}
