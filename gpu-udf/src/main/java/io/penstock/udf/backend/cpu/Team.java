package io.penstock.udf.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of one backend: the thread that calls {@link #run} (lane 0) and {@code lanes - 1}
 * daemon threads, which sleep between operations. Parts are taken in ascending order by whoever is
 * free. One caller at a time; nothing is allocated by a run.
 */
final class Team implements AutoCloseable {
  private static final int SPINS = 2000;

  private final Thread[] others;
  private final AtomicInteger nextPart = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private Thread caller;
  private Parts work;
  private int parts;
  private final AtomicInteger round = new AtomicInteger();
  private volatile boolean closed;

  /**
   * @param lanes threads in all, at least 1
   * @param name of the further threads
   */
  Team(int lanes, String name) {
    this.others = new Thread[lanes - 1];
    for (int i = 0; i < others.length; i++) {
      int lane = i + 1;
      others[i] = new Thread(() -> serve(lane), name + "-" + lane);
      others[i].setDaemon(true);
      others[i].start();
    }
  }

  /** Threads in all. */
  int lanes() {
    return others.length + 1;
  }

  /**
   * Does all parts; returns when the last is done.
   *
   * @throws RuntimeException or Error: the first that a part threw
   */
  void run(Parts newWork, int newParts) {
    Thread current = Thread.currentThread();
    if (caller != current) {
      caller = current;
      OpenMp.oneThread();
    }
    if (others.length == 0 || newParts == 1) {
      for (int part = 0; part < newParts; part++) {
        newWork.run(part, 0);
      }
      return;
    }
    work = newWork;
    parts = newParts;
    nextPart.set(0);
    busy.set(others.length);
    round.incrementAndGet(); // publishes the fields above
    for (Thread other : others) {
      LockSupport.unpark(other);
    }
    takeParts(0);
    while (busy.get() > 0) {
      Thread.onSpinWait();
    }
    rethrow();
  }

  private void rethrow() {
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void takeParts(int lane) {
    try {
      for (int part = nextPart.getAndIncrement(); part < parts; part = nextPart.getAndIncrement()) {
        work.run(part, lane);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      nextPart.set(parts);
    }
  }

  private void serve(int lane) {
    OpenMp.oneThread();
    int seen = 0;
    while (awaitRound(seen)) {
      seen++;
      takeParts(lane);
      busy.decrementAndGet();
    }
  }

  /** Waits for the round after {@code seen}; false if the team was closed. */
  private boolean awaitRound(int seen) {
    for (int spins = 0; round.get() == seen; spins++) {
      if (closed) {
        return false;
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
    return true;
  }

  /** Ends the further threads; returns when they have ended. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Thread other : others) {
      LockSupport.unpark(other);
      while (other.isAlive()) {
        try {
          other.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
