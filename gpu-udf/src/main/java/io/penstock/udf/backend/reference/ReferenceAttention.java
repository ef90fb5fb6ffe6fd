package io.penstock.udf.backend.reference;

import io.penstock.udf.kv.KvLayout;

/**
 * Causal attention of one row after the other: {@code softmax(q·Kᵀ / sqrt(headDim)) · V}, keys in
 * page order. Made for one call.
 *
 * @param layout of the pool
 * @param heads query heads
 * @param keys pages of the layer
 * @param values pages of the layer
 * @param qkv rows that begin with the rotated queries
 * @param qkvCols length of a row of {@code qkv}
 */
record ReferenceAttention(
    KvLayout layout, int heads, float[][] keys, float[][] values, float[] qkv, int qkvCols) {

  /**
   * Attends one row to the first {@code positions} positions of its prompt.
   *
   * @param row of qkv and out
   * @param pageTable the prompt's pages
   * @param positions keys it may see, its own included
   * @param out {@code rows × heads·headDim}
   * @param outCols length of a row of {@code out}
   */
  void row(int row, int[] pageTable, int positions, float[] out, int outCols) {
    int headDim = layout.headDim();
    int group = heads / layout.kvHeads();
    double[] weights = new double[positions];
    for (int head = 0; head < heads; head++) {
      int kvHead = head / group;
      softmax(weights, row * qkvCols + head * headDim, kvHead, pageTable);
      int to = row * outCols + head * headDim;
      for (int d = 0; d < headDim; d++) {
        double sum = 0;
        for (int p = 0; p < positions; p++) {
          sum += weights[p] * values[page(pageTable, p)][inPage(p, kvHead) + d];
        }
        out[to + d] = (float) sum;
      }
    }
  }

  private void softmax(double[] weights, int q, int kvHead, int[] pageTable) {
    double scale = 1 / Math.sqrt(layout.headDim());
    double max = Double.NEGATIVE_INFINITY;
    for (int p = 0; p < weights.length; p++) {
      float[] page = keys[page(pageTable, p)];
      double dot = 0;
      for (int d = 0; d < layout.headDim(); d++) {
        dot += (double) qkv[q + d] * page[inPage(p, kvHead) + d];
      }
      weights[p] = dot * scale;
      max = Math.max(max, weights[p]);
    }
    double sum = 0;
    for (int p = 0; p < weights.length; p++) {
      weights[p] = Math.exp(weights[p] - max);
      sum += weights[p];
    }
    for (int p = 0; p < weights.length; p++) {
      weights[p] /= sum;
    }
  }

  private static int page(int[] pageTable, int position) {
    return pageTable[position / KvLayout.PAGE_TOKENS];
  }

  private int inPage(int position, int kvHead) {
    int token = position % KvLayout.PAGE_TOKENS;
    return (token * layout.kvHeads() + kvHead) * layout.headDim();
  }
}
