package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendUnderTest;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapMatrix;
import java.util.Arrays;

/** The reference backend: what others are compared with, and itself. */
public final class ReferenceUnderTest implements BackendUnderTest {
  @Override
  public String backend() {
    return "reference";
  }

  @Override
  public String precision() {
    return "f32";
  }

  @Override
  public double tolerance() {
    return 0;
  }

  @Override
  public Backend open() {
    return new ReferenceBackend();
  }

  @Override
  public void write(float[] values, Backend.Matrix matrix) {
    int rows = values.length / matrix.cols();
    float[] to = ((HeapMatrix) matrix).values("matrix", rows, matrix.cols());
    System.arraycopy(values, 0, to, 0, values.length);
  }

  @Override
  public float[] read(Backend.Matrix matrix, int rows) {
    float[] from = ((HeapMatrix) matrix).values("matrix", rows, matrix.cols());
    return Arrays.copyOf(from, rows * matrix.cols());
  }

  @Override
  public String toString() {
    return "reference";
  }
}
