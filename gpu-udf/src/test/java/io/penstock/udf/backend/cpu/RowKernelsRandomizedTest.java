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
    for (int round = 0; round < ROUNDS; round++) {
      int n = length();
      int width = n + random.nextInt(90);
      boolean bf16 = random.nextBoolean();
      ByteBuffer in = values(width, 5);
      ByteBuffer out = values(width, 5);
      float max = kernels.max(in, 0, n);
      float scale = 0.3f;
      float sum = kernels.exponentials(in, 0, scale, max * scale, n, width, bf16, out, 0);
      double wantedMax = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        wantedMax = Math.max(wantedMax, in.getFloat(4 * i));
      }
      assertThat((double) max).isEqualTo(wantedMax);
      double wantedSum = 0;
      for (int i = 0; i < n; i++) {
        double e = Math.pow(2, (in.getFloat(4 * i) - wantedMax) * scale);
        wantedSum += e;
        double slack = e * (bf16 ? 0.00391 : 2e-6);
        assertThat((double) read(out, 0, bf16, i)).isCloseTo(e, within(slack));
      }
      assertThat((double) sum).isCloseTo(wantedSum, within(wantedSum * 3e-6));
      for (int i = n; i < width; i++) {
        assertThat(read(out, 0, bf16, i)).isZero();
      }
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
    ByteBuffer in = direct(n);
    for (int i = 0; i < n; i++) {
      in.putFloat(4 * i, -80f * i / n);
    }
    ByteBuffer out = direct(n);
    kernels.exponentials(in, 0, 1f, 0f, n, n, false, out, 0);
    for (int i = 0; i < n; i++) {
      double wanted = Math.pow(2, in.getFloat(4 * i));
      assertThat(out.getFloat(4 * i) / wanted - 1).isCloseTo(0, within(1.5e-7));
    }
  }
}
