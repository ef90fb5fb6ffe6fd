package io.penstock.udf.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.reference.ReferenceUnderTest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * One of two backends that do the same: an operation is a function of a side, and gives the same on
 * both. What it makes is closed with the side.
 */
final class Side implements AutoCloseable {

  /** Does something on a backend and tells the outcome. */
  @FunctionalInterface
  interface Operation {
    float[] on(Side side) throws Exception;
  }

  private final BackendUnderTest subject;
  private final Backend backend;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  private Side(BackendUnderTest subject) {
    this.subject = subject;
    this.backend = own(subject.open());
  }

  Backend backend() {
    return backend;
  }

  <T extends AutoCloseable> T own(T one) {
    owned.push(one);
    return one;
  }

  /** A matrix that holds these values and, in rows after them, NaN. */
  Backend.Matrix matrix(Backend.Role role, int rows, int cols, float[] values) {
    Backend.Matrix matrix = own(backend.matrix(role, rows, cols));
    float[] all = new float[rows * cols];
    Arrays.fill(all, Float.NaN);
    System.arraycopy(values, 0, all, 0, values.length);
    subject.write(all, matrix);
    return matrix;
  }

  /** A matrix of NaN. */
  Backend.Matrix matrix(Backend.Role role, int rows, int cols) {
    return matrix(role, rows, cols, new float[0]);
  }

  float[] read(Backend.Matrix matrix, int rows) {
    return subject.read(matrix, rows);
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new AssertionError("cannot close", e);
      }
    }
  }

  /** What the operation gives on a backend. */
  static float[] run(BackendUnderTest subject, Operation operation) throws Exception {
    try (Side side = new Side(subject)) {
      return operation.on(side);
    }
  }

  /** Asserts that the operation gives on this backend what it gives on the reference. */
  static void compare(BackendUnderTest subject, int round, Operation operation) throws Exception {
    compare(subject, round, 1, operation);
  }

  /** The same, where the inputs' size makes rounding errors larger by a factor. */
  static void compare(BackendUnderTest subject, int round, double factor, Operation operation)
      throws Exception {
    subject.assumeAvailable();
    float[] expected = run(new ReferenceUnderTest(), operation);
    float[] actual = run(subject, operation);
    assertThat(actual).as(replay(round)).hasSameSizeAs(expected);
    double squares = 0;
    for (float value : expected) {
      squares += (double) value * value;
    }
    double rms = Math.sqrt(squares / expected.length);
    assertThat(rms).as(replay(round)).isFinite();
    for (int i = 0; i < expected.length; i++) {
      double limit = factor * subject.tolerance() * Math.max(Math.abs(expected[i]), rms);
      double difference = Math.abs((double) actual[i] - expected[i]);
      if (!(difference <= limit)) {
        throw new AssertionError(
            "index=%d of=%d actual=%s expected=%s limit=%s; %s"
                .formatted(i, expected.length, actual[i], expected[i], limit, replay(round)));
      }
    }
  }

  /** How to run a round again. */
  static String replay(int round) {
    return "round=%d; replay with -Dpenstock.seed=%d".formatted(round, RandomInputs.SEED);
  }
}
