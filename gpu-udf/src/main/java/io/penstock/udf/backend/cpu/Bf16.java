package io.penstock.udf.backend.cpu;

/** bf16: the upper half of a float32. */
final class Bf16 {
  private Bf16() {}

  /** Rounded to nearest, ties to even; an infinity stays, a quiet NaN stays a NaN. */
  static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  static float widen(short value) {
    return Float.intBitsToFloat(value << 16);
  }
}
