package io.penstock.job;

import java.util.Locale;

/** Precision of the cpu backend's products, as {@code --cpu-precision} takes it. */
public enum CpuPrecision {
  /** The best that the machine has. */
  AUTO,
  /** bfloat16 operands, float32 sums. */
  BF16,
  /** float32. */
  F32;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
