package io.penstock.udf.model;

/**
 * A contiguous range of a model's layers.
 *
 * @param first first layer, from 0
 * @param end one past the last layer; greater than {@code first}
 */
public record LayerRange(int first, int end) {

  /** Checks the bounds. */
  public LayerRange {
    if (first < 0 || end <= first) {
      throw new IllegalArgumentException("bad layer range: first=" + first + " end=" + end);
    }
  }

  /**
   * @return number of layers in the range
   */
  public int size() {
    return end - first;
  }
}
