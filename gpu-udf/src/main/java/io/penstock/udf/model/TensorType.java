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
  F32(0, 1, 4, TensorType::f32),
  F16(1, 1, 2, TensorType::f16),
  Q4_0(2, 32, 18, SmallBlocks::q4With0),
  Q4_1(3, 32, 20, SmallBlocks::q4With1),
  Q5_0(6, 32, 22, SmallBlocks::q5With0),
  Q5_1(7, 32, 24, SmallBlocks::q5With1),
  Q8_0(8, 32, 34, SmallBlocks::q8With0),
  Q8_1(9, 32, 36, null),
  Q2_K(10, 256, 84, SuperBlocks::q2),
  Q3_K(11, 256, 110, SuperBlocks::q3),
  Q4_K(12, 256, 144, SuperBlocks::q4),
  Q5_K(13, 256, 176, SuperBlocks::q5),
  Q6_K(14, 256, 210, SuperBlocks::q6),
  Q8_K(15, 256, 292, null),
  IQ2_XXS(16, 256, 66, null),
  IQ2_XS(17, 256, 74, null),
  IQ3_XXS(18, 256, 98, null),
  IQ1_S(19, 256, 50, null),
  IQ4_NL(20, 32, 18, SmallBlocks::iq4),
  IQ3_S(21, 256, 110, null),
  IQ2_S(22, 256, 82, null),
  IQ4_XS(23, 256, 136, SuperBlocks::iq4),
  I8(24, 1, 1, null),
  I16(25, 1, 2, null),
  I32(26, 1, 4, null),
  I64(27, 1, 8, null),
  F64(28, 1, 8, null),
  IQ1_M(29, 256, 56, null),
  BF16(30, 1, 2, TensorType::bf16),
  TQ1_0(34, 256, 54, null),
  TQ2_0(35, 256, 66, null),
  MXFP4(39, 32, 17, null);

  /** Turns blocks into values: see {@link TensorType#decode}. */
  private interface Decoder {
    void decode(byte[] in, float[] out, int offset, int elements);
  }

  private static final Map<Long, TensorType> BY_GGML_ID =
      Stream.of(values()).collect(Collectors.toMap(type -> type.ggmlId, Function.identity()));

  private final long ggmlId;
  private final int blockElements;
  private final int blockBytes;

  @SuppressWarnings("ImmutableEnumChecker") // a static method
  private final Decoder decoder;

  TensorType(int ggmlId, int blockElements, int blockBytes, Decoder decoder) {
    this.ggmlId = ggmlId;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.decoder = decoder;
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
    return decoder != null;
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
    if (decoder == null) {
      throw new IllegalStateException("no decoder: type=" + this);
    }
    decoder.decode(in, out, offset, elements);
  }

  private static void f32(byte[] in, float[] out, int offset, int elements) {
    ByteBuffer.wrap(in).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(out, offset, elements);
  }

  private static void f16(byte[] in, float[] out, int offset, int elements) {
    for (int i = 0; i < elements; i++) {
      out[offset + i] = half(in, 2 * i);
    }
  }

  private static void bf16(byte[] in, float[] out, int offset, int elements) {
    for (int i = 0; i < elements; i++) {
      out[offset + i] = Float.intBitsToFloat(int16(in, 2 * i) << 16);
    }
  }

  /** Little-endian; the upper bits are the sign's. */
  static int int16(byte[] in, int at) {
    return (in[at] & 0xff) | (in[at + 1] << 8);
  }

  /**
   * IEEE 754 binary16 to binary32, exact: the exponent's bias is corrected by a product with a
   * power of two, which takes subnormals along.
   */
  static float half(byte[] in, int at) {
    int half = int16(in, at);
    int magnitude = half & 0x7fff;
    int sign = (half & 0x8000) << 16;
    if (magnitude >= 0x7c00) {
      return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    }
    float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
    return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
  }
}
