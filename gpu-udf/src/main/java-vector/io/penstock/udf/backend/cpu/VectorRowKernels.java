package io.penstock.udf.backend.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowKernels} by the Vector API, at the machine's preferred width. Compiled apart, without
 * {@code -Werror}: the warning that the module incubates cannot be switched off on JDK 17. Found by
 * name, see {@link RowKernelsLoader}.
 *
 * <p>Lanes are added in a fixed order by hand: the API leaves the order of its own reductions open.
 * Loops are short on purpose: past some size the compiler stops to inline, and vectors become
 * objects.
 */
final class VectorRowKernels implements RowKernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int LANES = F.length();
  private static final int BYTES = 4 * LANES;

  /** Adding it rounds to an integer; the low bits of the sum are that, as an exponent's bits. */
  private static final float ROUNDER = Exponential.ROUNDER + 127f;

  /** What such a sum looks like for 0 and for 2^126. */
  private static final int LEAST_EXPONENT = Float.floatToRawIntBits(ROUNDER - 127f);

  private static final int GREATEST_EXPONENT = Float.floatToRawIntBits(ROUNDER + 126f);

  /** Rounders stay exact, and sums of them in their binade, for shifts up to this. */
  private static final float MOST_SHIFT = 1 << 20;

  private static final int HALF_GROUP = ValueOrder.GROUP / 2;
  private static final int UPPER_HALF = 0xffff0000;

  /** Far below any score, and not so far that arithmetic with it would not be finite. */
  private static final float LOWEST = -1e30f;

  private static final RowKernels SCALAR = new ScalarRowKernels();

  private static final ThreadLocal<float[]> LANE_SUMS =
      ThreadLocal.withInitial(() -> new float[LANES]);

  VectorRowKernels() {}

  @Override
  public String name() {
    return "vector-" + F.vectorBitSize();
  }

  private static FloatVector load(ByteBuffer in, int at) {
    return FloatVector.fromByteBuffer(F, in, at, ORDER);
  }

  /** Stores the vector that begins with element {@code index} of the row at {@code outAt}. */
  private static void store(boolean bf16, FloatVector x, ByteBuffer out, int outAt, int index) {
    if (bf16) {
      IntVector bits = x.reinterpretAsInts();
      IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1);
      IntVector rounded = bits.add(0x7fff).add(odd).lanewise(VectorOperators.LSHR, 16);
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, S, 0))
          .intoByteBuffer(out, outAt + 2 * index, ORDER);
    } else {
      x.intoByteBuffer(out, outAt + 4 * index, ORDER);
    }
  }

  private static float sum(FloatVector x) {
    float[] lanes = LANE_SUMS.get();
    x.intoArray(lanes, 0);
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  @Override
  public void rmsNorm(
      ByteBuffer residual,
      int residualAt,
      ByteBuffer product,
      int productAt,
      ByteBuffer weight,
      float epsilon,
      int count,
      boolean bf16,
      ByteBuffer out,
      int outAt) {
    if (product != null) {
      add(residual, residualAt, product, productAt, count);
    }
    float factor =
        ScalarRowKernels.inverseRoot(squares(residual, residualAt, count), count, epsilon);
    int vectors = F.loopBound(count);
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector x = load(residual, residualAt + 4 * c).mul(factor).mul(load(weight, 4 * c));
      store(bf16, x, out, outAt, c);
    }
    for (int c = vectors; c < count; c++) {
      float x = residual.getFloat(residualAt + 4 * c) * factor * weight.getFloat(4 * c);
      ScalarRowKernels.store(bf16, out, outAt, c, x);
    }
  }

  private static float squares(ByteBuffer in, int inAt, int count) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int c = 0;
    for (; c <= count - 4 * LANES; c += 4 * LANES) {
      int at = inAt + 4 * c;
      FloatVector x0 = load(in, at);
      FloatVector x1 = load(in, at + BYTES);
      FloatVector x2 = load(in, at + 2 * BYTES);
      FloatVector x3 = load(in, at + 3 * BYTES);
      s0 = x0.fma(x0, s0);
      s1 = x1.fma(x1, s1);
      s2 = x2.fma(x2, s2);
      s3 = x3.fma(x3, s3);
    }
    for (; c <= count - LANES; c += LANES) {
      FloatVector x = load(in, inAt + 4 * c);
      s0 = x.fma(x, s0);
    }
    float squares = sum(s0.add(s1).add(s2.add(s3)));
    for (; c < count; c++) {
      float x = in.getFloat(inAt + 4 * c);
      squares = Math.fma(x, x, squares);
    }
    return squares;
  }

  @Override
  public void add(
      ByteBuffer residual, int residualAt, ByteBuffer product, int productAt, int count) {
    int vectors = F.loopBound(count);
    for (int c = 0; c < vectors; c += LANES) {
      load(residual, residualAt + 4 * c)
          .add(load(product, productAt + 4 * c))
          .intoByteBuffer(residual, residualAt + 4 * c, ORDER);
    }
    for (int c = vectors; c < count; c++) {
      int at = residualAt + 4 * c;
      residual.putFloat(at, residual.getFloat(at) + product.getFloat(productAt + 4 * c));
    }
  }

  /**
   * 2^(x - shift), rounder = {@link #ROUNDER} - shift: as {@link Exponential#exp2}, but that the
   * exponent is cut instead of x, which takes one instruction on integers (comparing floats takes
   * many here). Below the least exponent is 0; NaN stays NaN.
   */
  private static FloatVector exp2(FloatVector x, FloatVector rounder) {
    FloatVector rounded = x.add(rounder);
    FloatVector f = x.sub(rounded.sub(rounder));
    FloatVector p = FloatVector.broadcast(F, Exponential.C6);
    p = p.fma(f, FloatVector.broadcast(F, Exponential.C5));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.C4));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.C3));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.C2));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.C1));
    p = p.fma(f, FloatVector.broadcast(F, 1f));
    return p.mul(power(rounded));
  }

  /** {@link #exp2} by a shorter polynomial, good for bf16; cut to bf16. */
  private static IntVector roughExp2(FloatVector x, FloatVector rounder) {
    FloatVector rounded = x.add(rounder);
    FloatVector f = x.sub(rounded.sub(rounder));
    FloatVector p = FloatVector.broadcast(F, Exponential.ROUGH_C3);
    p = p.fma(f, FloatVector.broadcast(F, Exponential.ROUGH_C2));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.ROUGH_C1));
    p = p.fma(f, FloatVector.broadcast(F, Exponential.ROUGH_C0));
    return p.mul(power(rounded)).reinterpretAsInts().lanewise(VectorOperators.AND, UPPER_HALF);
  }

  /** The power of two whose biased exponent is in the low bits of what was rounded. */
  private static FloatVector power(FloatVector rounded) {
    return rounded
        .reinterpretAsInts()
        .max(LEAST_EXPONENT)
        .min(GREATEST_EXPONENT)
        .lanewise(VectorOperators.LSHL, 23)
        .reinterpretAsFloats();
  }

  @Override
  public void gate(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt) {
    int vectors = F.loopBound(count);
    int upAt = inAt + 4 * count;
    FloatVector rounder = FloatVector.broadcast(F, ROUNDER);
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector gate = load(in, inAt + 4 * c);
      FloatVector up = load(in, upAt + 4 * c);
      FloatVector below = exp2(gate.mul(-Exponential.LOG2_E), rounder).add(1f);
      store(bf16, gate.div(below).mul(up), out, outAt, c);
    }
    ScalarRowKernels.gate(in, inAt, vectors, count, bf16, out, outAt);
  }

  @Override
  public void rotate(ByteBuffer x, int at, ByteBuffer angles, int anglesAt, int half) {
    int vectors = F.loopBound(half);
    int offset = 4 * half;
    for (int i = 0; i < vectors; i += LANES) {
      int lowAt = at + 4 * i;
      FloatVector low = load(x, lowAt);
      FloatVector high = load(x, lowAt + offset);
      FloatVector cos = load(angles, anglesAt + 4 * i);
      FloatVector sin = load(angles, anglesAt + offset + 4 * i);
      low.mul(cos).sub(high.mul(sin)).intoByteBuffer(x, lowAt, ORDER);
      high.mul(cos).add(low.mul(sin)).intoByteBuffer(x, lowAt + offset, ORDER);
    }
    ScalarRowKernels.rotate(x, at, angles, anglesAt, vectors, half);
  }

  @Override
  public void narrow(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt) {
    int vectors = F.loopBound(count);
    for (int c = 0; c < vectors; c += LANES) {
      store(bf16, load(in, inAt + 4 * c), out, outAt, c);
    }
    ScalarRowKernels.scale(in, inAt, 1f, vectors, count, bf16, out, outAt);
  }

  @Override
  public void widen(ByteBuffer in, int inAt, boolean bf16, int count, ByteBuffer out, int outAt) {
    int vectors = F.loopBound(count);
    if (bf16) {
      for (int c = 0; c < vectors; c += LANES) {
        ShortVector halves = ShortVector.fromByteBuffer(S, in, inAt + 2 * c, ORDER);
        ((IntVector) halves.convertShape(VectorOperators.S2I, I, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoByteBuffer(out, outAt + 4 * c, ORDER);
      }
    } else {
      for (int c = 0; c < vectors; c += LANES) {
        load(in, inAt + 4 * c).intoByteBuffer(out, outAt + 4 * c, ORDER);
      }
    }
    ScalarRowKernels.widen(in, inAt, bf16, vectors, count, out, outAt);
  }

  /** In plain Java: it is rarely asked for. */
  @Override
  public float max(ByteBuffer in, int inAt, int count) {
    return SCALAR.max(in, inAt, count);
  }

  @Override
  public float exponentials(
      ByteBuffer x, int at, float shift, int begin, int end, int width, boolean bf16) {
    if (!(Math.abs(shift) <= MOST_SHIFT)) {
      return SCALAR.exponentials(x, at, shift, begin, end, width, bf16);
    }
    int first = begin & -ValueOrder.GROUP;
    int last = Math.min(width, (end + ValueOrder.GROUP - 1) & -ValueOrder.GROUP);
    for (int c = first; c < begin; c++) {
      x.putFloat(at + 4 * c, LOWEST);
    }
    fill(x, at + 4 * end, LOWEST, ValueOrder.GROUP);
    int sumsAt = at + 4 * width;
    if (bf16) {
      pairs(x, at, ROUNDER - shift, first, last, sumsAt);
    } else {
      singles(x, at, ROUNDER - shift, first, last, sumsAt);
    }
    int element = bf16 ? 2 : 4;
    fill(x, at, 0f, first * element / 4);
    fill(x, at + last * element, 0f, (width - last) * element / 4);
    return sum(x, sumsAt);
  }

  /** A multiple of 16 floats. */
  private static void fill(ByteBuffer out, int outAt, float value, int count) {
    FloatVector values = FloatVector.broadcast(F, value);
    for (int c = 0; c < count; c += LANES) {
      values.intoByteBuffer(out, outAt + 4 * c, ORDER);
    }
  }

  private static void singles(
      ByteBuffer x, int at, float rounder, int first, int last, int sumsAt) {
    FloatVector rounders = FloatVector.broadcast(F, rounder);
    FloatVector sums = FloatVector.zero(F);
    for (int c = first; c < last; c += LANES) {
      FloatVector e = exp2(load(x, at + 4 * c), rounders);
      e.intoByteBuffer(x, at + 4 * c, ORDER);
      sums = sums.add(e);
    }
    sums.intoByteBuffer(x, sumsAt, ORDER);
  }

  /** Two vectors, half a group apart, become one, element by element side by side. */
  private static void pairs(ByteBuffer x, int at, float rounder, int first, int last, int sumsAt) {
    FloatVector rounders = FloatVector.broadcast(F, rounder);
    FloatVector sums = FloatVector.zero(F);
    for (int pair = first / 2; pair < last / 2; pair += LANES) {
      int from = at + 4 * (pair + (pair & -HALF_GROUP));
      IntVector low = roughExp2(load(x, from), rounders);
      IntVector high = roughExp2(load(x, from + 4 * HALF_GROUP), rounders);
      sums = sums.add(low.reinterpretAsFloats()).add(high.reinterpretAsFloats());
      low.lanewise(VectorOperators.LSHR, 16)
          .lanewise(VectorOperators.OR, high)
          .intoByteBuffer(x, at + 4 * pair, ORDER);
    }
    sums.intoByteBuffer(x, sumsAt, ORDER);
  }

  /** The sum of a vector's lanes, always in the same order. */
  private static float sum(ByteBuffer in, int at) {
    float sum = 0f;
    for (int lane = 0; lane < LANES; lane += 4) {
      int four = at + 4 * lane;
      sum +=
          (in.getFloat(four) + in.getFloat(four + 4))
              + (in.getFloat(four + 8) + in.getFloat(four + 12));
    }
    return sum;
  }

  @Override
  public void scaleAndAdd(
      ByteBuffer sum, int sumAt, float factor, ByteBuffer term, int termAt, int count) {
    int vectors = F.loopBound(count);
    FloatVector scale = FloatVector.broadcast(F, factor);
    for (int c = 0; c < vectors; c += LANES) {
      load(sum, sumAt + 4 * c)
          .fma(scale, load(term, termAt + 4 * c))
          .intoByteBuffer(sum, sumAt + 4 * c, ORDER);
    }
    ScalarRowKernels.scaleAndAdd(sum, sumAt, factor, term, termAt, vectors, count);
  }

  @Override
  public void scale(
      ByteBuffer in, int inAt, float factor, int count, boolean bf16, ByteBuffer out, int outAt) {
    int vectors = F.loopBound(count);
    for (int c = 0; c < vectors; c += LANES) {
      store(bf16, load(in, inAt + 4 * c).mul(factor), out, outAt, c);
    }
    ScalarRowKernels.scale(in, inAt, factor, vectors, count, bf16, out, outAt);
  }
}
