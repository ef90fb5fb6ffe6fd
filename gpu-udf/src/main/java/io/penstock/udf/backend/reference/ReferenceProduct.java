package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.reference.ReferenceMemory.HeapLinear;
import java.util.Arrays;

/**
 * A product {@code in · Wᵀ (+ bias)}: each element is a float32 sum in the order of the input's
 * columns, the bias last.
 *
 * @param weight packed weights
 */
record ReferenceProduct(HeapLinear weight) {
  /** Rows that share one pass over the weights; no row's result depends on it. */
  private static final int ROWS_AT_ONCE = 16;

  /**
   * @param in {@code rows × inFeatures}
   * @param rows rows to do
   * @param out {@code rows × outFeatures}
   */
  void multiply(float[] in, int rows, float[] out) {
    for (int first = 0; first < rows; first += ROWS_AT_ONCE) {
      multiply(in, first, Math.min(rows, first + ROWS_AT_ONCE), out);
    }
  }

  private void multiply(float[] in, int first, int end, float[] out) {
    int k = weight.inFeatures();
    int n = weight.outFeatures();
    Arrays.fill(out, first * n, end * n, 0);
    for (int i = 0; i < k; i++) {
      for (int r = first; r < end; r++) {
        addScaled(in[r * k + i], weight.transposed(), i * n, out, r * n, n);
      }
    }
    if (weight.bias() != null) {
      for (int r = first; r < end; r++) {
        addScaled(1, weight.bias(), 0, out, r * n, n);
      }
    }
  }

  private static void addScaled(
      float scale, float[] from, int fromOffset, float[] to, int toOffset, int count) {
    for (int i = 0; i < count; i++) {
      to[toOffset + i] += scale * from[fromOffset + i];
    }
  }
}
