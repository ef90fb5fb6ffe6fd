package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.reference.ReferenceMemory.HeapKvPool;
import java.util.Arrays;

/**
 * Causal attention of one row after the other: {@code softmax(q·Kᵀ / sqrt(headDim)) · V}, keys in
 * page order, sums in float64. Made for one call.
 *
 * @param pool of the stage
 * @param layer of the stage, from 0
 * @param heads query heads
 * @param qkv rows that begin with the rotated queries
 * @param qkvCols length of a row of {@code qkv}
 */
record ReferenceAttention(HeapKvPool pool, int layer, int heads, float[] qkv, int qkvCols) {

  /**
   * Attends one row to positions of its prompt.
   *
   * @param row of qkv and out
   * @param pageTable the prompt's pages
   * @param first first position that it sees
   * @param positions how many it sees, its own the last
   * @param out {@code rows × heads·headDim}
   */
  void row(int row, int[] pageTable, int first, int positions, float[] out) {
    int headDim = pool.layout().headDim();
    int group = heads / pool.layout().kvHeads();
    double[] weights = new double[positions];
    double[] sums = new double[headDim];
    for (int head = 0; head < heads; head++) {
      int kvHead = head / group;
      softmax(weights, row * qkvCols + head * headDim, kvHead, pageTable, first);
      Arrays.fill(sums, 0);
      for (int p = 0; p < positions; p++) {
        float[] page = HeapKvPool.page(pool.values(layer), pageTable, first + p);
        int at = pool.inPage(first + p, kvHead);
        for (int d = 0; d < headDim; d++) {
          sums[d] += weights[p] * page[at + d];
        }
      }
      for (int d = 0; d < headDim; d++) {
        out[(row * heads + head) * headDim + d] = (float) sums[d];
      }
    }
  }

  private void softmax(double[] weights, int q, int kvHead, int[] pageTable, int first) {
    int headDim = pool.layout().headDim();
    double scale = 1 / Math.sqrt(headDim);
    double max = Double.NEGATIVE_INFINITY;
    for (int p = 0; p < weights.length; p++) {
      float[] page = HeapKvPool.page(pool.keys(layer), pageTable, first + p);
      int at = pool.inPage(first + p, kvHead);
      double dot = 0;
      for (int d = 0; d < headDim; d++) {
        dot += (double) qkv[q + d] * page[at + d];
      }
      weights[p] = dot * scale;
      max = Math.max(max, weights[p]);
    }
    double sum = 0;
    for (int p = 0; p < weights.length; p++) {
      weights[p] = StrictMath.exp(weights[p] - max);
      sum += weights[p];
    }
    for (int p = 0; p < weights.length; p++) {
      weights[p] /= sum;
    }
  }
}
