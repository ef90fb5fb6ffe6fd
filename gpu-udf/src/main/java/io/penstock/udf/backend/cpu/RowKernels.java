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
   * Turns a row of scores into exponentials where it lies: {@code 2^(x[c] − shift)} for begin ≤ c
   * &lt; end, 0 for other c &lt; width. Float32 exponentials keep their places; bf16 ones are cut
   * to bf16, towards zero, and go to {@link ValueOrder#slot} in the first half of the row.
   *
   * @param x of {@code width} scores and {@value ValueOrder#GROUP} more elements that may be
   *     overwritten
   * @param shift an integer; exponentials beyond 2^126 are of no use but not below 2^125
   * @param width a multiple of {@value ValueOrder#GROUP}
   * @return the sum of what was written, so that weights divided by it add up to 1; NaN if a score
   *     is, or if the shift is not finite
   */
  float exponentials(
      ByteBuffer x, int at, float shift, int begin, int end, int width, boolean bf16);

  /** {@code sum = sum · factor + term}. */
  void scaleAndAdd(ByteBuffer sum, int sumAt, float factor, ByteBuffer term, int termAt, int count);

  /** {@code out = in · factor}. */
  void scale(
      ByteBuffer in, int inAt, float factor, int count, boolean bf16, ByteBuffer out, int outAt);
}
