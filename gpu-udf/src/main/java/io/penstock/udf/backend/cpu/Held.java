package io.penstock.udf.backend.cpu;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What its owner has made so far, to be given back together, the newest first: when the owner
 * closes, or when its making fails half way. One thread at a time.
 */
final class Held implements AutoCloseable {
  private final Deque<AutoCloseable> all = new ArrayDeque<>();

  /**
   * @param one closed with this from now on
   * @return {@code one}
   */
  <T extends AutoCloseable> T add(T one) {
    all.push(one);
    return one;
  }

  /** Closes all, whatever fails on the way; again, nothing. */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!all.isEmpty()) {
      try {
        all.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("native memory could not be freed");
        }
        failure.addSuppressed(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
