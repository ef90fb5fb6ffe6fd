package io.penstock.udf.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a tensor's values are stored: blocks of {@link #blockElements} values in {@link #blockBytes}
 * bytes, little-endian. Names, numbers and block layouts are those of ggml (ggml.h, {@code
 * ggml_type}; ggml-common.h, {@code block_*}). Types without a decoder are known so that a file's
 * layout can be checked and a refusal can name them.
 */
enum TensorType {
  F32(0, 1, 4, true),
  F16(1, 1, 2, true),
  Q4_0(2, 32, 18, true),
  Q4_1(3, 32, 20, true),
  Q5_0(6, 32, 22, false),
  Q5_1(7, 32, 24, false),
  Q8_0(8, 32, 34, true),
  Q8_1(9, 32, 36, false),
  Q2_K(10, 256, 84, false),
  Q3_K(11, 256, 110, false),
  Q4_K(12, 256, 144, false),
  Q5_K(13, 256, 176, false),
  Q6_K(14, 256, 210, false),
  Q8_K(15, 256, 292, false),
  IQ2_XXS(16, 256, 66, false),
  IQ2_XS(17, 256, 74, false),
  IQ3_XXS(18, 256, 98, false),
  IQ1_S(19, 256, 50, false),
  IQ4_NL(20, 32, 18, false),
  IQ3_S(21, 256, 110, false),
  IQ2_S(22, 256, 82, false),
  IQ4_XS(23, 256, 136, false),
  I8(24, 1, 1, false),
  I16(25, 1, 2, false),
  I32(26, 1, 4, false),
  I64(27, 1, 8, false),
  F64(28, 1, 8, false),
  IQ1_M(29, 256, 56, false),
  BF16(30, 1, 2, true),
  TQ1_0(34, 256, 54, false),
  TQ2_0(35, 256, 66, false),
  MXFP4(39, 32, 17, false);

  private static final Map<Long, TensorType> BY_GGML_ID =
      Stream.of(values()).collect(Collectors.toMap(type -> type.ggmlId, Function.identity()));

  private final long ggmlId;
  private final int blockElements;
  private final int blockBytes;
  private final boolean readable;

  TensorType(int ggmlId, int blockElements, int blockBytes, boolean readable) {
    this.ggmlId = ggmlId;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.readable = readable;
  }

  static Optional<TensorType> ofGgmlId(long id) {
    return Optional.ofNullable(BY_GGML_ID.get(id));
  }

  int blockElements() {
    return blockElements;
  }

  int blockBytes() {
    return blockBytes;
  }

  /** Whether {@link #decode} works for this type. */
  boolean readable() {
    return readable;
  }

  /** Names of the types that can be read, for messages. */
  static String readableNames() {
    return Stream.of(values())
        .filter(TensorType::readable)
        .map(Enum::name)
        .collect(Collectors.joining(", "));
  }

  /**
   * Bytes of a number of values.
   *
   * @param elements a multiple of {@link #blockElements}
   * @throws ArithmeticException if that is more than a long holds
   */
  long bytes(long elements) {
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /**
   * Decodes whole blocks to the float32 values that they stand for; every product and every sum is
   * rounded to float32.
   *
   * @param in starts with the blocks
   * @param out receives {@code elements} values from {@code offset} on
   * @param elements a multiple of {@link #blockElements}
   */
  void decode(byte[] in, float[] out, int offset, int elements) {
    switch (this) {
      case F32 ->
          ByteBuffer.wrap(in)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer()
              .get(out, offset, elements);
      case F16 -> f16(in, out, offset, elements);
      case BF16 -> bf16(in, out, offset, elements);
      case Q8_0 -> q8With0(in, out, offset, elements);
      case Q4_0 -> q4With0(in, out, offset, elements);
      case Q4_1 -> q4With1(in, out, offset, elements);
      default -> throw new IllegalStateException("no decoder: type=" + this);
    }
  }

  private static void f16(byte[] in, float[] out, int offset, int elements) {
    for (int i = 0; i < elements; i++) {
      out[offset + i] = halfToFloat(int16(in, 2 * i));
    }
  }

  private static void bf16(byte[] in, float[] out, int offset, int elements) {
    for (int i = 0; i < elements; i++) {
      out[offset + i] = Float.intBitsToFloat(int16(in, 2 * i) << 16);
    }
  }

  /** {@code {half d; int8 q[32]}}: w = d q. */
  private static void q8With0(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 34, o += 32) {
      float d = halfToFloat(int16(in, at));
      for (int i = 0; i < 32; i++) {
        out[o + i] = d * in[at + 2 + i];
      }
    }
  }

  /** {@code {half d; uint8 q[16]}}, low nibbles first: w = d (q - 8). */
  private static void q4With0(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 18, o += 32) {
      float d = halfToFloat(int16(in, at));
      for (int i = 0; i < 16; i++) {
        int q = in[at + 2 + i];
        out[o + i] = d * ((q & 15) - 8);
        out[o + 16 + i] = d * ((q >> 4 & 15) - 8);
      }
    }
  }

  /** {@code {half d; half m; uint8 q[16]}}, low nibbles first: w = d q + m. */
  private static void q4With1(byte[] in, float[] out, int offset, int elements) {
    for (int at = 0, o = offset; o < offset + elements; at += 20, o += 32) {
      float d = halfToFloat(int16(in, at));
      float m = halfToFloat(int16(in, at + 2));
      for (int i = 0; i < 16; i++) {
        int q = in[at + 4 + i];
        out[o + i] = d * (q & 15) + m;
        out[o + 16 + i] = d * (q >> 4 & 15) + m;
      }
    }
  }

  /** Little-endian; the upper bits are the sign's. */
  private static int int16(byte[] in, int at) {
    return (in[at] & 0xff) | (in[at + 1] << 8);
  }

  /**
   * IEEE 754 binary16 to binary32, exact: the exponent's bias is corrected by a product with a
   * power of two, which takes subnormals along.
   */
  private static float halfToFloat(int half) {
    int magnitude = half & 0x7fff;
    int sign = (half & 0x8000) << 16;
    if (magnitude >= 0x7c00) {
      return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    }
    float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
    return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
  }
}
