package io.penstock.udf.backend.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.BackendUnderTest;
import java.util.List;

/**
 * The cpu backend, as the tests over all backends need it.
 *
 * @param precision as {@code --cpu-precision} takes it
 * @param threads as {@code --cpu-threads} takes it
 * @param scalar whether to do without the Vector API
 */
public record CpuUnderTest(String precision, int threads, boolean scalar)
    implements BackendUnderTest {

  /** Both precisions, one and several threads, with and without the Vector API. */
  public static final List<BackendUnderTest> ALL =
      List.of(
          new CpuUnderTest("f32", 1, false),
          new CpuUnderTest("bf16", 1, false),
          new CpuUnderTest("f32", 3, false),
          new CpuUnderTest("bf16", 1, true));

  @Override
  public String backend() {
    return CpuBackendProvider.NAME;
  }

  private boolean bf16() {
    return precision.equals("bf16");
  }

  @Override
  public double tolerance() {
    return bf16() ? 2e-2 : 2e-5;
  }

  @Override
  public void assumeAvailable() {
    assumeTrue(!bf16() || OneDnn.hasBf16(), "this machine has no bf16 instructions");
  }

  @Override
  public Backend open() {
    RowKernels kernels = scalar ? new ScalarRowKernels() : RowKernelsLoader.vector();
    return new CpuBackend(new BackendOptions(precision, threads), kernels);
  }

  @Override
  public void write(float[] values, Backend.Matrix matrix) {
    CpuMatrix own = (CpuMatrix) matrix;
    for (int i = 0; i < values.length; i++) {
      ScalarRowKernels.store(narrow(own), own.bytes(), 0, i, values[i]);
    }
  }

  @Override
  public float[] read(Backend.Matrix matrix, int rows) {
    CpuMatrix own = (CpuMatrix) matrix;
    float[] values = new float[rows * own.cols()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          narrow(own) ? Bf16.widen(own.bytes().getShort(2 * i)) : own.bytes().getFloat(4 * i);
    }
    return values;
  }

  private static boolean narrow(CpuMatrix matrix) {
    return matrix.offset(1) == 2 * matrix.cols();
  }

  @Override
  public String toString() {
    return "cpu " + precision + " threads=" + threads + (scalar ? " scalar" : "");
  }
}
