package io.penstock.udf.backend.cpu;

/**
 * 2^x for |x| ≤ 126 by one rounding and one polynomial: x = n + f, n the nearest integer, 2^f = 1 +
 * f·p(f). The coefficients are the minimax fit of degree 6 on |f| ≤ 1/2 (Remez exchange on the
 * relative error, 2e-9 before the coefficients are rounded, below 1.3e-7 as float32 computes it).
 * The same steps serve scalars here and vectors in {@code VectorRowKernels}.
 */
final class Exponential {
  static final float C1 = 0.6931472f;
  static final float C2 = 0.24022648f;
  static final float C3 = 0.055503324f;
  static final float C4 = 0.009618437f;
  static final float C5 = 0.0013398874f;
  static final float C6 = 0.00015353362f;

  /** Degree 3 on |f| ≤ 1/2, relative error 7.5e-5: for what is then cut to bf16. */
  static final float ROUGH_C0 = 0.99992806f;

  static final float ROUGH_C1 = 0.69326097f;
  static final float ROUGH_C2 = 0.24261113f;
  static final float ROUGH_C3 = 0.05517167f;

  /** 1.5 · 2²³: adding it rounds to an integer that ends in the low bits. */
  static final float ROUNDER = 12582912f;

  static final float LOG2_E = 1.442695f;

  /** Arguments are cut to ±this; 2^-126 is the smallest normal float. */
  static final float LIMIT = 126f;

  private Exponential() {}

  /** 2^x, x cut to ±{@link #LIMIT}; NaN stays NaN. */
  static float exp2(float x) {
    float cut = x < -LIMIT ? -LIMIT : x > LIMIT ? LIMIT : x;
    float rounded = cut + ROUNDER;
    float f = cut - (rounded - ROUNDER);
    float p = C6;
    p = Math.fma(p, f, C5);
    p = Math.fma(p, f, C4);
    p = Math.fma(p, f, C3);
    p = Math.fma(p, f, C2);
    p = Math.fma(p, f, C1);
    p = Math.fma(p, f, 1f);
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << 23));
  }

  /** x / (1 + e⁻ˣ). */
  static float silu(float x) {
    return x / (1f + exp2(-x * LOG2_E));
  }
}
