package io.penstock.udf.model;

import static io.penstock.udf.model.TensorType.half;

/**
 * Decoders of ggml's types with blocks of 256 values (llama.cpp's "K-quants"): a scale d, perhaps a
 * scale m of the minima, and for each part of 16 or 32 values a small number that multiplies d, or
 * m. See {@link TensorType#decode} for the parameters.
 *
 * <p>Bits lie in rows of 32 bytes, each byte serving values 32 apart: the low bits of row r are
 * values 0 to 31 of its share of the block, the next bits the 32 values after these.
 */
final class SuperBlocks {
  private static final int SIZE = 256;

  private SuperBlocks() {}

  /**
   * {@code {uint8 s[16]; uint8 q[64]; half d; half m}}: w = (d (s & 15)) q - (m (s >> 4)), q of 2
   * bits, parts of 16.
   */
  static void q2(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 84, o += SIZE) {
      float d = half(in, at + 80);
      float m = half(in, at + 82);
      for (int part = 0; part < 16; part++) {
        int scales = in[at + part];
        float scale = d * (scales & 15);
        float minimum = m * (scales >> 4 & 15);
        int from = at + 16 + part / 8 * 32 + part % 2 * 16;
        int shift = part % 8 / 2 * 2;
        for (int i = 0; i < 16; i++) {
          out[o + part * 16 + i] = scale * (in[from + i] >> shift & 3) - minimum;
        }
      }
    }
  }

  /**
   * {@code {uint8 h[32]; uint8 q[64]; uint8 s[12]; half d}}: w = (d (s - 32)) (q - 4), q of 2 bits
   * with a third in h, parts of 16; the 16 s have 6 bits, four of them in nibbles, two in the last
   * four bytes.
   */
  static void q3(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 110, o += SIZE) {
      float d = half(in, at + 108);
      for (int part = 0; part < 16; part++) {
        int low = in[at + 96 + part % 8] >> (part / 8 * 4) & 15;
        int high = in[at + 104 + part % 4] >> (part / 4 * 2) & 3;
        float scale = d * ((low | high << 4) - 32);
        int from = at + 32 + part / 8 * 32 + part % 2 * 16;
        int third = at + part % 2 * 16;
        int shift = part % 8 / 2 * 2;
        for (int i = 0; i < 16; i++) {
          int q = (in[from + i] >> shift & 3) | (in[third + i] >> (part / 2) & 1) << 2;
          out[o + part * 16 + i] = scale * (q - 4);
        }
      }
    }
  }

  /** {@code {half d; half m; uint8 s[12]; uint8 q[128]}}: w = (d s) q - (m t), parts of 32. */
  static void q4(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 144, o += SIZE) {
      float d = half(in, at);
      float m = half(in, at + 2);
      for (int part = 0; part < 8; part++) {
        float scale = d * scale(in, at + 4, part);
        float minimum = m * minimum(in, at + 4, part);
        int from = at + 16 + part / 2 * 32;
        int shift = part % 2 * 4;
        for (int i = 0; i < 32; i++) {
          out[o + part * 32 + i] = scale * (in[from + i] >> shift & 15) - minimum;
        }
      }
    }
  }

  /**
   * {@code {half d; half m; uint8 s[12]; uint8 h[32]; uint8 q[128]}}: as {@link #q4}, with a fifth
   * bit in h.
   */
  static void q5(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 176, o += SIZE) {
      float d = half(in, at);
      float m = half(in, at + 2);
      for (int part = 0; part < 8; part++) {
        float scale = d * scale(in, at + 4, part);
        float minimum = m * minimum(in, at + 4, part);
        int from = at + 48 + part / 2 * 32;
        int shift = part % 2 * 4;
        for (int i = 0; i < 32; i++) {
          int q = (in[from + i] >> shift & 15) | (in[at + 16 + i] >> part & 1) << 4;
          out[o + part * 32 + i] = scale * q - minimum;
        }
      }
    }
  }

  /**
   * {@code {uint8 q[128]; uint8 h[64]; int8 s[16]; half d}}: w = (d s) (q - 32), q of 4 bits with
   * two more in h, parts of 16. Rows of q are 64 bytes, those of h 32.
   */
  static void q6(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 210, o += SIZE) {
      float d = half(in, at + 208);
      for (int part = 0; part < 16; part++) {
        float scale = d * in[at + 192 + part];
        int from = at + part / 8 * 64 + part % 4 * 16;
        int shift = part % 8 / 4 * 4;
        int high = at + 128 + part / 8 * 32 + part % 2 * 16;
        int highShift = part % 8 / 2 * 2;
        for (int i = 0; i < 16; i++) {
          int q = (in[from + i] >> shift & 15) | (in[high + i] >> highShift & 3) << 4;
          out[o + part * 16 + i] = scale * (q - 32);
        }
      }
    }
  }

  /**
   * {@code {half d; uint16 h; uint8 s[4]; uint8 q[128]}}: w = (d (s - 32)) v[q], v = {@link
   * SmallBlocks#NON_LINEAR}, parts of 32; the 8 s have 6 bits, four of them in nibbles, two in h.
   * Each part has 16 bytes: value i low, value i + 16 high.
   */
  static void iq4(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 136, o += SIZE) {
      float d = half(in, at);
      int h = TensorType.int16(in, at + 2);
      for (int part = 0; part < 8; part++) {
        int low = in[at + 4 + part / 2] >> (part % 2 * 4) & 15;
        float scale = d * ((low | (h >> (2 * part) & 3) << 4) - 32);
        for (int i = 0; i < 16; i++) {
          int q = in[at + 8 + part * 16 + i];
          out[o + part * 32 + i] = scale * SmallBlocks.NON_LINEAR[q & 15];
          out[o + part * 32 + 16 + i] = scale * SmallBlocks.NON_LINEAR[q >> 4 & 15];
        }
      }
    }
  }

  /** Number of 6 bits for a part's scale: bits of parts 4 to 7 are split over two bytes. */
  private static int scale(byte[] in, int at, int part) {
    return part < 4
        ? in[at + part] & 63
        : (in[at + part + 4] & 15) | (in[at + part - 4] >> 6 & 3) << 4;
  }

  /** Number of 6 bits for a part's minimum. */
  private static int minimum(byte[] in, int at, int part) {
    return part < 4
        ? in[at + part + 4] & 63
        : (in[at + part + 4] >> 4 & 15) | (in[at + part] >> 6 & 3) << 4;
  }
}
