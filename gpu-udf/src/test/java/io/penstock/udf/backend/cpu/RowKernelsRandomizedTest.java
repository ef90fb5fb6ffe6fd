package io.penstock.udf.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both sets of row kernels against loops in double, over seeded random lengths and offsets. */
class RowKernelsRandomizedTest {
  private static final long SEED = Long.getLong("penstock.seed", 20261124L);
  private static final int ROUNDS = 60;

  private final Random random = new Random(SEED);

  static Stream<RowKernels> kernels() {
    System.out.println("penstock.seed=" + SEED);
    return Stream.of(new ScalarRowKernels(), RowKernelsLoader.vector());
  }

  private static ByteBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer values(int floats, double scale) {
    ByteBuffer buffer = direct(floats);
    for (int i = 0; i < floats; i++) {
      buffer.putFloat(4 * i, (float) (random.nextGaussian() * scale));
    }
    return buffer;
  }

  private static ByteBuffer copy(ByteBuffer from) {
    ByteBuffer copy = ByteBuffer.allocateDirect(from.capacity()).order(ByteOrder.LITTLE_ENDIAN);
    copy.put(0, from, 0, from.capacity());
    return copy;
  }

  private static float read(ByteBuffer in, int at, boolean bf16, int index) {
    return bf16 ? Bf16.widen(in.getShort(at + 2 * index)) : in.getFloat(at + 4 * index);
  }

  /** Half a bf16 step, or a few float32 steps, around the wanted value. */
  private static void check(ByteBuffer in, int at, boolean bf16, int index, double wanted) {
    double slack = Math.abs(wanted) * (bf16 ? 0.00391 : 6e-7) + 1e-9;
    assertThat((double) read(in, at, bf16, index)).isCloseTo(wanted, within(slack));
  }

  private int length() {
    return 1 + random.nextInt(random.nextBoolean() ? 40 : 700);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void normsWithAndWithoutAProduct(RowKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = length();
      int offset = random.nextInt(5);
      boolean bf16 = random.nextBoolean();
      boolean add = random.nextBoolean();
      ByteBuffer residual = values(n + offset, 3);
      ByteBuffer before = copy(residual);
      ByteBuffer product = values(n, 1);
      ByteBuffer weight = values(n, 1);
      ByteBuffer out = direct(n + 1);
      kernels.rmsNorm(
          residual, 4 * offset, add ? product : null, 0, weight, 1e-5f, n, bf16, out, 4);
      double squares = 0;
      for (int i = 0; i < n; i++) {
        float x = before.getFloat(4 * (offset + i)) + (add ? product.getFloat(4 * i) : 0f);
        assertThat(residual.getFloat(4 * (offset + i))).isEqualTo(x);
        squares += (double) x * x;
      }
      double factor = 1 / Math.sqrt(squares / n + 1e-5);
      for (int i = 0; i < n; i++) {
        double x = residual.getFloat(4 * (offset + i));
        check(out, 4, bf16, i, x * factor * weight.getFloat(4 * i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void gates(RowKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = length();
      boolean bf16 = random.nextBoolean();
      ByteBuffer in = values(2 * n, round % 4 == 0 ? 60 : 4);
      ByteBuffer out = direct(n);
      kernels.gate(in, 0, n, bf16, out, 0);
      for (int i = 0; i < n; i++) {
        double gate = in.getFloat(4 * i);
        double silu = gate / (1 + Math.exp(-gate));
        double wanted = silu * in.getFloat(4 * (n + i));
        double slack = Math.abs(wanted) * (bf16 ? 0.00395 : 8e-6) + 1e-7;
        assertThat((double) read(out, 0, bf16, i)).isCloseTo(wanted, within(slack));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void rotates(RowKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int half = 1 + random.nextInt(70);
      ByteBuffer x = values(2 * half, 2);
      ByteBuffer before = copy(x);
      ByteBuffer angles = direct(2 * half);
      for (int i = 0; i < half; i++) {
        double angle = random.nextDouble() * 7;
        angles.putFloat(4 * i, (float) Math.cos(angle));
        angles.putFloat(4 * (half + i), (float) Math.sin(angle));
      }
      kernels.rotate(x, 0, angles, 0, half);
      for (int i = 0; i < half; i++) {
        double low = before.getFloat(4 * i);
        double high = before.getFloat(4 * (half + i));
        double cos = angles.getFloat(4 * i);
        double sin = angles.getFloat(4 * (half + i));
        assertThat((double) x.getFloat(4 * i)).isCloseTo(low * cos - high * sin, within(3e-6));
        assertThat((double) x.getFloat(4 * (half + i)))
            .isCloseTo(high * cos + low * sin, within(3e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void softmaxesInPieces(RowKernels kernels) {
    for (int round = 0; round < 4 * ROUNDS; round++) {
      int width = ValueOrder.GROUP * (1 + random.nextInt(20));
      int end = random.nextInt(width + 1);
      int begin = random.nextBoolean() ? 0 : random.nextInt(end + 1);
      int before = random.nextInt(5);
      boolean bf16 = random.nextBoolean();
      ByteBuffer x = values(before + width + ValueOrder.GROUP, 5);
      ByteBuffer scores = copy(x);
      float shift = random.nextInt(31) - 15;
      float sum = kernels.exponentials(x, 4 * before, shift, begin, end, width, bf16);
      double wantedSum = 0;
      for (int i = 0; i < width; i++) {
        double got = read(x, 4 * before, bf16, bf16 ? ValueOrder.slot(i) : i);
        if (i < begin || i >= end) {
          assertThat(got).isZero();
          continue;
        }
        double wanted = Math.pow(2, scores.getFloat(4 * (before + i)) - shift);
        // Cut, not rounded: up to a step of bf16 below, never above but for the polynomial's error.
        assertThat(got).isBetween(wanted * (1 - (bf16 ? 0.00790 : 2e-6)), wanted * (1 + 8e-5));
        wantedSum += got;
      }
      assertThat((double) sum).isCloseTo(wantedSum, within(wantedSum * 3e-6));
      for (int i = 0; i < before; i++) {
        assertThat(x.getInt(4 * i)).isEqualTo(scores.getInt(4 * i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void findsTheLargest(RowKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = length();
      ByteBuffer in = values(n, 5);
      float wanted = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        wanted = Math.max(wanted, in.getFloat(4 * i));
      }
      assertThat(kernels.max(in, 0, n)).isEqualTo(wanted);
      in.putFloat(4 * random.nextInt(n), Float.NaN);
      assertThat(kernels.max(in, 0, n)).isNaN();
    }
  }

  /** Whatever the shift was guessed from, the sum says whether it was good. */
  @ParameterizedTest
  @MethodSource("kernels")
  void sumsTellWhatIsNoNumberOrTooLarge(RowKernels kernels) {
    int n = 2 * ValueOrder.GROUP;
    for (boolean bf16 : new boolean[] {false, true}) {
      for (float odd : new float[] {Float.NaN, Float.intBitsToFloat(0xffc00000)}) {
        for (int at = 0; at < n; at++) {
          ByteBuffer in = values(n + ValueOrder.GROUP, 5);
          in.putFloat(4 * at, odd);
          assertThat(kernels.exponentials(in, 0, 0f, 0, n, n, bf16)).isNaN();
        }
      }
      for (float large : new float[] {64.5f, 126f, 127f, 128f, 129f, 255f, 1e6f, 2e7f, 3e38f}) {
        ByteBuffer in = values(n + ValueOrder.GROUP, 5);
        in.putFloat(4 * 7, large);
        float sum = kernels.exponentials(in, 0, 0f, 0, n, n, bf16);
        assertThat(sum).as("large=" + large).isGreaterThan(0x1p64f);
      }
      for (float shift : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        ByteBuffer in = values(n + ValueOrder.GROUP, 5);
        in.putFloat(0, shift);
        assertThat(kernels.exponentials(in, 0, shift, 0, n, n, bf16)).isNaN();
      }
      ByteBuffer far = values(n + ValueOrder.GROUP, 5);
      for (int i = 0; i < n; i++) {
        far.putFloat(4 * i, far.getFloat(4 * i) + 3e6f);
      }
      float sum = kernels.exponentials(far, 0, 3e6f, 0, n, n, bf16);
      assertThat(sum).as("a shift of millions").isBetween(1f, 1e12f);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void scalesAddsAndConverts(RowKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = length();
      ByteBuffer sum = values(n, 2);
      ByteBuffer before = copy(sum);
      ByteBuffer term = values(n, 2);
      kernels.scaleAndAdd(sum, 0, 0.7f, term, 0, n);
      for (int i = 0; i < n; i++) {
        float wanted = Math.fma(before.getFloat(4 * i), 0.7f, term.getFloat(4 * i));
        assertThat(sum.getFloat(4 * i)).isEqualTo(wanted);
      }
      kernels.add(sum, 0, term, 0, n);
      ByteBuffer narrow = direct(n);
      ByteBuffer wide = direct(n);
      kernels.narrow(sum, 0, n, true, narrow, 0);
      kernels.widen(narrow, 0, true, n, wide, 0);
      kernels.scale(sum, 0, 3f, n, false, term, 0);
      for (int i = 0; i < n; i++) {
        float x = sum.getFloat(4 * i);
        assertThat(narrow.getShort(2 * i)).isEqualTo(nearest(x));
        assertThat(wide.getFloat(4 * i)).isEqualTo(Bf16.widen(nearest(x)));
        assertThat(term.getFloat(4 * i)).isEqualTo(3f * x);
      }
    }
  }

  /** Nearest bf16, ties to even, found by comparing distances. */
  private static short nearest(float x) {
    int lower = Float.floatToRawIntBits(x) >>> 16;
    double toLower = Math.abs((double) x - Float.intBitsToFloat(lower << 16));
    double toUpper = Math.abs((double) x - Float.intBitsToFloat((lower + 1) << 16));
    boolean up = toUpper < toLower || (toUpper == toLower && (lower & 1) == 1);
    return (short) (up ? lower + 1 : lower);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void exponentialIsAccurateToFloatingPointPrecision(RowKernels kernels) {
    int n = 4096;
    ByteBuffer in = direct(n + ValueOrder.GROUP);
    for (int i = 0; i < n; i++) {
      in.putFloat(4 * i, -80f * i / n);
    }
    ByteBuffer before = copy(in);
    kernels.exponentials(in, 0, 0f, 0, n, n, false);
    for (int i = 0; i < n; i++) {
      double wanted = Math.pow(2, before.getFloat(4 * i));
      assertThat(in.getFloat(4 * i) / wanted - 1).isCloseTo(0, within(1.5e-7));
    }
  }
}
