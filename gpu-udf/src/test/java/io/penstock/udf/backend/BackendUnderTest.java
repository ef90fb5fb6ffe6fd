package io.penstock.udf.backend;

/**
 * A backend as the tests over all backends need it: opened with one precision, and with a look into
 * its matrices. Each backend's own test package has one; {@link BackendsUnderTest#ALL} lists them.
 */
public interface BackendUnderTest {

  /**
   * @return name, as {@code --backend} takes it
   */
  String backend();

  /**
   * @return precision, as {@code --cpu-precision} takes it
   */
  String precision();

  /**
   * How far a single operation may be off: {@code |actual - expected| <= tolerance ·
   * max(|expected|, rms of all expected)}. Inputs and weights of the tests are exact in bf16, so
   * only rounding inside the operation and of its output counts: about 1e-5 for float32, 2e-2 for
   * bf16.
   *
   * @return the tolerance
   */
  double tolerance();

  /** Aborts the test, saying why, where this machine cannot run the backend. */
  default void assumeAvailable() {}

  /**
   * @return a new backend, closed by the test
   */
  Backend open();

  /**
   * Writes rows from the first on, rounded to the type of the matrix.
   *
   * @param values row-major, whole rows
   * @param matrix of {@link #open}'s backend
   */
  void write(float[] values, Backend.Matrix matrix);

  /**
   * @param matrix of {@link #open}'s backend
   * @param rows how many, from the first on
   * @return {@code rows × matrix.cols()} values, row-major
   */
  float[] read(Backend.Matrix matrix, int rows);
}
