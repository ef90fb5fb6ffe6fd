package io.penstock.udf.stage;

import java.util.ArrayDeque;

/**
 * Activations of one shape, kept for reuse: in steady state nothing is allocated. Thread-safe. The
 * number in use is bounded by the in-flight window of the stage, not here.
 */
public final class ActivationsPool {
  private final ElementType type;
  private final int maxRows;
  private final int cols;
  private final ArrayDeque<Activations> free = new ArrayDeque<>();
  private int inUse;

  /**
   * @param type element type
   * @param maxRows rows each can hold
   * @param cols hidden size
   */
  public ActivationsPool(ElementType type, int maxRows, int cols) {
    this.type = type;
    this.maxRows = maxRows;
    this.cols = cols;
  }

  /**
   * @param rows rows needed, at most the pool's maximum
   * @return activations of that many rows, contents undefined
   * @throws IllegalArgumentException if that many rows do not fit
   */
  public synchronized Activations take(int rows) {
    if (rows < 0 || rows > maxRows) {
      throw new IllegalArgumentException(
          "rows do not fit the activations: rows=" + rows + " maxRows=" + maxRows);
    }
    Activations taken = free.poll();
    if (taken == null) {
      taken = new Activations(type, maxRows, cols);
    }
    taken.resize(rows);
    inUse++;
    return taken;
  }

  /**
   * @param activations taken from here before; the caller forgets them
   * @throws IllegalStateException if they were given back already, or more are given than taken
   */
  public synchronized void give(Activations activations) {
    if (inUse == 0 || free.contains(activations)) {
      throw new IllegalStateException("activations were given back twice: inUse=" + inUse);
    }
    inUse--;
    free.push(activations);
  }

  /**
   * @return how many are taken and not given back
   */
  public synchronized int inUse() {
    return inUse;
  }
}
