package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import java.nio.ByteBuffer;

/**
 * The softmax of one tile's rows over block after block of scores (Milakov and Gimelshein 2018,
 * "Online normalizer calculation for softmax"): with a shift m, l the sum of 2^(score - m) and o
 * the so weighted sum of values, going over to another m' scales l and o by 2^(m - m').
 *
 * <p>Usually m is the largest score so far, which takes a pass over the scores to find. Here it is
 * the first score that a row sees, rounded to an integer, for as long as the sum of each block
 * stays below {@value #MOST_SUM}: floats are as precise at any size. A block that breaks it is done
 * again with its largest score. All of that is decided row by row, by that row's scores alone.
 *
 * <p>A row without a score yet (a sliding window may begin behind the first block) has a sum of 0.
 * One thread at a time.
 */
final class OnlineSoftmax {
  /** Far from overflow also once values of 2^40 have been weighted and added up. */
  private static final float MOST_SUM = 0x1p64f;

  private static final int PAGE = KvLayout.PAGE_TOKENS;

  private final AttentionShape shape;
  private final RowKernels kernels;
  private final ByteBuffer scores;
  private final boolean bf16;
  private final float[] shifts;
  private final float[] sums;
  private final float[] blockSums;
  private final float[] factors;

  /**
   * @param scores where the blocks' scores will lie
   */
  OnlineSoftmax(AttentionShape shape, RowKernels kernels, ByteBuffer scores) {
    this.shape = shape;
    this.kernels = kernels;
    this.scores = scores;
    this.bf16 = shape.precision() == CpuPrecision.BF16;
    this.shifts = new float[shape.rows()];
    this.sums = new float[shape.rows()];
    this.blockSums = new float[shape.rows()];
    this.factors = new float[shape.rows()];
  }

  /** Forgets all rows. */
  void begin() {
    for (int row = 0; row < sums.length; row++) {
      sums[row] = 0f;
    }
  }

  /** The sum of a row's weights so far. */
  float sum(int row) {
    return sums[row];
  }

  /** What the output of earlier blocks must be multiplied with, now that a block was done. */
  float factor(int row) {
    return factors[row];
  }

  /**
   * Turns a block's scores into weights, where they lie.
   *
   * @param rows rows of each head
   * @param keys keys of the block
   * @param own the first row's own key, counted from the block's first; row i's is i further
   * @param window how many keys a row sees, its own the last
   * @return whether it is done; if not, the scores must be computed once more for {@link #again}
   */
  boolean run(int rows, int keys, int own, int window) {
    boolean good = true;
    for (int head = 0; head < shape.group(); head++) {
      for (int i = 0; i < rows; i++) {
        int row = head * PAGE + i;
        int end = Math.min(keys, own + i + 1);
        int begin = Math.min(end, Math.max(0, own + i + 1 - window));
        boolean first = sums[row] == 0f;
        if (first) {
          shifts[row] = (float) Math.rint(scores.getFloat(at(row) + 4 * begin));
        }
        factors[row] = first ? 0f : 1f;
        blockSums[row] = kernels.exponentials(scores, at(row), shifts[row], begin, end, keys, bf16);
        good &= good(row);
      }
    }
    if (good) {
      add(rows);
    }
    return good;
  }

  /** A second time: rows that went too high take their largest score; see {@link #run}. */
  void again(int rows, int keys, int own, int window) {
    for (int head = 0; head < shape.group(); head++) {
      for (int i = 0; i < rows; i++) {
        int row = head * PAGE + i;
        int end = Math.min(keys, own + i + 1);
        int begin = Math.min(end, Math.max(0, own + i + 1 - window));
        if (!good(row)) {
          float largest = (float) Math.rint(kernels.max(scores, at(row) + 4 * begin, end - begin));
          factors[row] *= Exponential.exp2(shifts[row] - largest);
          shifts[row] = largest;
        }
        blockSums[row] = kernels.exponentials(scores, at(row), shifts[row], begin, end, keys, bf16);
      }
    }
    add(rows);
  }

  /** Rows that are no numbers any more stay so; doing them again would not help. */
  private boolean good(int row) {
    return blockSums[row] < MOST_SUM || !Float.isFinite(shifts[row]);
  }

  private void add(int rows) {
    for (int head = 0; head < shape.group(); head++) {
      for (int row = head * PAGE; row < head * PAGE + rows; row++) {
        sums[row] = Math.fma(sums[row], factors[row], blockSums[row]);
      }
    }
  }

  private int at(int row) {
    return 4 * row * shape.scoreStride();
  }
}
