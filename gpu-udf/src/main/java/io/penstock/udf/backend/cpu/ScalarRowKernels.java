package io.penstock.udf.backend.cpu;

import java.nio.ByteBuffer;

/** {@link RowKernels} in plain Java, for JVMs without the Vector API and for its odd ends. */
final class ScalarRowKernels implements RowKernels {

  @Override
  public String name() {
    return "scalar";
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
    float squares = 0f;
    for (int c = 0; c < count; c++) {
      float x = residual.getFloat(residualAt + 4 * c);
      if (product != null) {
        x += product.getFloat(productAt + 4 * c);
        residual.putFloat(residualAt + 4 * c, x);
      }
      squares = Math.fma(x, x, squares);
    }
    float factor = inverseRoot(squares, count, epsilon);
    for (int c = 0; c < count; c++) {
      float x = residual.getFloat(residualAt + 4 * c) * factor * weight.getFloat(4 * c);
      store(bf16, out, outAt, c, x);
    }
  }

  /** {@code 1 / sqrt(squares / count + epsilon)}. */
  static float inverseRoot(float squares, int count, float epsilon) {
    return (float) (1.0 / Math.sqrt(squares / count + epsilon));
  }

  @Override
  public void add(
      ByteBuffer residual, int residualAt, ByteBuffer product, int productAt, int count) {
    for (int at = 0; at < 4 * count; at += 4) {
      residual.putFloat(
          residualAt + at, residual.getFloat(residualAt + at) + product.getFloat(productAt + at));
    }
  }

  @Override
  public void gate(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt) {
    gate(in, inAt, 0, count, bf16, out, outAt);
  }

  /** Columns {@code first} and up of {@link #gate}. */
  static void gate(
      ByteBuffer in, int inAt, int first, int count, boolean bf16, ByteBuffer out, int outAt) {
    for (int c = first; c < count; c++) {
      float gate = in.getFloat(inAt + 4 * c);
      float up = in.getFloat(inAt + 4 * (count + c));
      store(bf16, out, outAt, c, Exponential.silu(gate) * up);
    }
  }

  @Override
  public void rotate(ByteBuffer x, int at, ByteBuffer angles, int anglesAt, int half) {
    rotate(x, at, angles, anglesAt, 0, half);
  }

  /** Pairs {@code first} and up of {@link #rotate}. */
  static void rotate(ByteBuffer x, int at, ByteBuffer angles, int anglesAt, int first, int half) {
    for (int i = first; i < half; i++) {
      float low = x.getFloat(at + 4 * i);
      float high = x.getFloat(at + 4 * (half + i));
      float cos = angles.getFloat(anglesAt + 4 * i);
      float sin = angles.getFloat(anglesAt + 4 * (half + i));
      x.putFloat(at + 4 * i, low * cos - high * sin);
      x.putFloat(at + 4 * (half + i), high * cos + low * sin);
    }
  }

  @Override
  public void narrow(ByteBuffer in, int inAt, int count, boolean bf16, ByteBuffer out, int outAt) {
    scale(in, inAt, 1f, 0, count, bf16, out, outAt);
  }

  @Override
  public void widen(ByteBuffer in, int inAt, boolean bf16, int count, ByteBuffer out, int outAt) {
    widen(in, inAt, bf16, 0, count, out, outAt);
  }

  /** Elements {@code first} and up of {@link #widen}. */
  static void widen(
      ByteBuffer in, int inAt, boolean bf16, int first, int count, ByteBuffer out, int outAt) {
    for (int c = first; c < count; c++) {
      float x = bf16 ? Bf16.widen(in.getShort(inAt + 2 * c)) : in.getFloat(inAt + 4 * c);
      out.putFloat(outAt + 4 * c, x);
    }
  }

  @Override
  public float max(ByteBuffer in, int inAt, int count) {
    float max = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < count; c++) {
      max = Math.max(in.getFloat(inAt + 4 * c), max);
    }
    return max;
  }

  @Override
  public float exponentials(
      ByteBuffer x, int at, float shift, int begin, int end, int width, boolean bf16) {
    float sum = 0f;
    if (!bf16) {
      for (int c = 0; c < width; c++) {
        float e = exponential(x, at, shift, begin, end, c);
        sum += e;
        x.putFloat(at + 4 * c, e);
      }
      return sum;
    }
    int half = ValueOrder.GROUP / 2;
    for (int pair = 0; pair < width / 2; pair++) {
      int c = pair + pair / half * half;
      int low = Float.floatToRawIntBits(exponential(x, at, shift, begin, end, c));
      int high = Float.floatToRawIntBits(exponential(x, at, shift, begin, end, c + half));
      sum += Bf16.widen((short) (low >>> 16));
      sum += Bf16.widen((short) (high >>> 16));
      x.putInt(at + 4 * pair, (low >>> 16) | (high & 0xffff0000));
    }
    return sum;
  }

  private static float exponential(ByteBuffer x, int at, float shift, int begin, int end, int c) {
    return begin <= c && c < end ? Exponential.exp2(x.getFloat(at + 4 * c) - shift) : 0f;
  }

  @Override
  public void scaleAndAdd(
      ByteBuffer sum, int sumAt, float factor, ByteBuffer term, int termAt, int count) {
    scaleAndAdd(sum, sumAt, factor, term, termAt, 0, count);
  }

  /** Elements {@code first} and up of {@link #scaleAndAdd}. */
  static void scaleAndAdd(
      ByteBuffer sum, int sumAt, float factor, ByteBuffer term, int termAt, int first, int count) {
    for (int at = 4 * first; at < 4 * count; at += 4) {
      float x = Math.fma(sum.getFloat(sumAt + at), factor, term.getFloat(termAt + at));
      sum.putFloat(sumAt + at, x);
    }
  }

  @Override
  public void scale(
      ByteBuffer in, int inAt, float factor, int count, boolean bf16, ByteBuffer out, int outAt) {
    scale(in, inAt, factor, 0, count, bf16, out, outAt);
  }

  /** Elements {@code first} and up of {@link #scale}. */
  static void scale(
      ByteBuffer in,
      int inAt,
      float factor,
      int first,
      int count,
      boolean bf16,
      ByteBuffer out,
      int outAt) {
    for (int c = first; c < count; c++) {
      store(bf16, out, outAt, c, in.getFloat(inAt + 4 * c) * factor);
    }
  }

  static void store(boolean bf16, ByteBuffer out, int outAt, int index, float value) {
    if (bf16) {
      out.putShort(outAt + 2 * index, Bf16.narrow(value));
    } else {
      out.putFloat(outAt + 4 * index, value);
    }
  }
}
