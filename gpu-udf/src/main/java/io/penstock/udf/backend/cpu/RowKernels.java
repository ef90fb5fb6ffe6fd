package io.penstock.udf.backend.cpu;

import java.nio.ByteBuffer;

/**
 * What is done row by row between products. All buffers are direct and little-endian, offsets are
 * in bytes and come right after their buffer, counts are in elements. Values are float32 unless a
 * parameter {@code bf16} says that the output is bf16 (rounded to nearest, ties to even). Stateless
 * and safe for use by several threads; nothing is allocated.
 *
 * <p>A row's result depends on that row alone, and is the same bits however often and at whatever
 * offset it is computed: sums have a fixed order. Two implementations need not agree in the last
 * bits.
 */
interface RowKernels {

  /** Name for the log, for instance {@code scalar}. */
  String name();

  /**
   * {@code residual += product}, unless there is no product, then {@code out = residual /
   * sqrt(mean(residual²) + epsilon) * weight}.
   *
   * @param product null for none
   */
  void rmsNorm(
      ByteBuffer residual,
      int residualAt,
      ByteBuffer product,
      int productAt,
      ByteBuffer weight,
      float epsilon,
      int count,
      boolean bf16,
      ByteBuffer out,
      int outAt);

  /** {@code residual += product}. */
  void add(ByteBuffer residual, int residualAt, ByteBuffer product, int productAt, int count);

  /** {@code out[c] = silu(in[c]) * in[count + c]}, silu(x) = x / (1 + e⁻ˣ). */
  void gate(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt);

  /**
   * Rotates one head in place: {@code x[i], x[i + half] = x[i]·cos[i] − x[i + half]·sin[i], x[i +
   * half]·cos[i] + x[i]·sin[i]}, i &lt; half.
   *
   * @param angles half cosines, then half sines
   */
  void rotate(ByteBuffer x, int at, ByteBuffer angles, int anglesAt, int half);

  /** Copies float32 values, rounded if {@code bf16}. */
  void narrow(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt);

  /** Copies values to float32, from bf16 if {@code bf16}. */
  void widen(ByteBuffer in, int inAt, boolean bf16, int count, ByteBuffer out, int outAt);

  /**
   * Largest of {@code count} values; NaN if one is.
   *
   * @param count at least 1
   */
  float max(ByteBuffer in, int inAt, int count);

  /**
   * {@code out[c] = 2^(in[c]·scale − shift)} for c &lt; count, 0 for count ≤ c &lt; width.
   *
   * @param shift at least the largest {@code in[c]·scale}
   * @return the sum of the exponentials before they are rounded; NaN if the shift is not finite
   */
  float exponentials(
      ByteBuffer in,
      int inAt,
      float scale,
      float shift,
      int count,
      int width,
      boolean bf16,
      ByteBuffer out,
      int outAt);

  /** {@code sum = sum · factor + term}. */
  void scaleAndAdd(ByteBuffer sum, int sumAt, float factor, ByteBuffer term, int termAt, int count);

  /** {@code out = in · factor}. */
  void scale(
      ByteBuffer in, int inAt, float factor, int count, boolean bf16, ByteBuffer out, int outAt);
}
