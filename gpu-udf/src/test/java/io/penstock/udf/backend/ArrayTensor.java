package io.penstock.udf.backend;

import io.penstock.udf.model.WeightTensor;
import java.util.Objects;

/**
 * A tensor that a test made.
 *
 * @param name canonical name
 * @param rows rows
 * @param cols columns
 * @param values row-major; not to be changed
 */
public record ArrayTensor(String name, int rows, int cols, float[] values) implements WeightTensor {
  @Override
  public void readRows(int firstRow, int rowCount, float[] out, int outOffset) {
    Objects.checkFromIndexSize(firstRow, rowCount, rows);
    System.arraycopy(values, firstRow * cols, out, outOffset, rowCount * cols);
  }
}
