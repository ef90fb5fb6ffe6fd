package io.penstock.udf.model;

import static io.penstock.udf.model.TensorType.half;

/**
 * Decoders of ggml's types with blocks of 32 values: a scale, perhaps a minimum, and a number of 4,
 * 5 or 8 bits for each value. Nibbles hold value i low and value i + 16 high. See {@link
 * TensorType#decode} for the parameters.
 */
final class SmallBlocks {
  private static final int SIZE = 32;
  private static final int HALF = SIZE / 2;

  /** What a number of 4 bits stands for in the non-linear types. */
  static final byte[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private SmallBlocks() {}

  /** {@code {half d; int8 q[32]}}: w = d q. */
  static void q8With0(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 34, o += SIZE) {
      float d = half(in, at);
      for (int i = 0; i < SIZE; i++) {
        out[o + i] = d * in[at + 2 + i];
      }
    }
  }

  /** {@code {half d; uint8 q[16]}}: w = d (q - 8). */
  static void q4With0(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 18, o += SIZE) {
      float d = half(in, at);
      for (int i = 0; i < HALF; i++) {
        int q = in[at + 2 + i];
        out[o + i] = d * ((q & 15) - 8);
        out[o + HALF + i] = d * ((q >> 4 & 15) - 8);
      }
    }
  }

  /** {@code {half d; half m; uint8 q[16]}}: w = d q + m. */
  static void q4With1(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 20, o += SIZE) {
      float d = half(in, at);
      float m = half(in, at + 2);
      for (int i = 0; i < HALF; i++) {
        int q = in[at + 4 + i];
        out[o + i] = d * (q & 15) + m;
        out[o + HALF + i] = d * (q >> 4 & 15) + m;
      }
    }
  }

  /**
   * {@code {half d; uint32 h; uint8 q[16]}}, the fifth bit of value i is bit i of h: w = d (q -
   * 16).
   */
  static void q5With0(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 22, o += SIZE) {
      float d = half(in, at);
      int h = int32(in, at + 2);
      for (int i = 0; i < HALF; i++) {
        int q = in[at + 6 + i];
        out[o + i] = d * (((q & 15) | (h >> i & 1) << 4) - 16);
        out[o + HALF + i] = d * (((q >> 4 & 15) | (h >> (HALF + i) & 1) << 4) - 16);
      }
    }
  }

  /** {@code {half d; half m; uint32 h; uint8 q[16]}}, h as in Q5_0: w = d q + m. */
  static void q5With1(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 24, o += SIZE) {
      float d = half(in, at);
      float m = half(in, at + 2);
      int h = int32(in, at + 4);
      for (int i = 0; i < HALF; i++) {
        int q = in[at + 8 + i];
        out[o + i] = d * ((q & 15) | (h >> i & 1) << 4) + m;
        out[o + HALF + i] = d * ((q >> 4 & 15) | (h >> (HALF + i) & 1) << 4) + m;
      }
    }
  }

  /** {@code {half d; uint8 q[16]}}: w = d v[q], v = {@link #NON_LINEAR}. */
  static void iq4(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 18, o += SIZE) {
      float d = half(in, at);
      for (int i = 0; i < HALF; i++) {
        int q = in[at + 2 + i];
        out[o + i] = d * NON_LINEAR[q & 15];
        out[o + HALF + i] = d * NON_LINEAR[q >> 4 & 15];
      }
    }
  }

  private static int int32(byte[] in, int at) {
    return (TensorType.int16(in, at) & 0xffff) | TensorType.int16(in, at + 2) << 16;
  }
}
