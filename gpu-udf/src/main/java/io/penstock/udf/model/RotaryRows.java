package io.penstock.udf.model;

import java.io.IOException;
import java.util.Objects;

/**
 * A q or k tensor of a GGUF file of architecture {@code llama}, un-permuted: the converter to GGUF
 * stores the rows of each head as adjacent pairs, this reads them in rotate-half order.
 *
 * <pre>
 *   row of a head here      0    1    2  …  h/2-1 | h/2  h/2+1  …  h-1
 *   row of a head stored    0    2    4  …   h-2  |  1     3    …  h-1
 * </pre>
 *
 * For a bias, elements take the place of rows.
 */
final class RotaryRows implements WeightTensor {
  private final WeightTensor stored;
  private final int headDim;

  /**
   * @param headDim even; divides the rows, or the columns of a bias
   */
  RotaryRows(WeightTensor stored, int headDim) {
    this.stored = stored;
    this.headDim = headDim;
  }

  @Override
  public String name() {
    return stored.name();
  }

  @Override
  public int rows() {
    return stored.rows();
  }

  @Override
  public int cols() {
    return stored.cols();
  }

  @Override
  public void readRows(int firstRow, int rowCount, float[] out, int outOffset) throws IOException {
    Objects.checkFromIndexSize(firstRow, rowCount, rows());
    StoredTensor.checkedElements(rowCount, cols(), out, outOffset);
    if (rows() == 1) {
      readBias(rowCount, out, outOffset);
      return;
    }
    for (int i = 0; i < rowCount; i++) {
      stored.readRows(storedIndex(firstRow + i), 1, out, outOffset + i * cols());
    }
  }

  private void readBias(int rowCount, float[] out, int outOffset) throws IOException {
    if (rowCount == 0) {
      return;
    }
    float[] pairs = new float[cols()];
    stored.readRows(0, 1, pairs, 0);
    for (int i = 0; i < pairs.length; i++) {
      out[outOffset + i] = pairs[storedIndex(i)];
    }
  }

  private int storedIndex(int index) {
    int half = headDim / 2;
    int inHead = index % headDim;
    return index - inHead + inHead % half * 2 + inHead / half;
  }
}
