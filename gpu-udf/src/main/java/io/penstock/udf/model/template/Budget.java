package io.penstock.udf.model.template;

/** Counts what a rendering takes against its {@link Limits}. Used by one thread. */
final class Budget {
  private static final int CHARS_A_STEP = 64;
  private static final long STEPS_BETWEEN_CLOCKS = 4_096;

  private final Limits limits;
  private final long deadlineNanos;
  private long stepsLeft;
  private long bytesLeft;
  private long nextClock;
  private int depth;
  private int calls;

  Budget(Limits limits) {
    this.limits = limits;
    this.stepsLeft = limits.steps();
    this.bytesLeft = limits.bytes();
    this.nextClock = stepsLeft;
    this.deadlineNanos = System.nanoTime() + limits.time().toNanos();
  }

  Limits limits() {
    return limits;
  }

  /** A node is entered; {@link #leave} ends it. */
  void enter() {
    steps(1);
    if (depth >= limits.depth()) {
      throw Failure.limit("nested too deeply: depth=" + depth + " limit=" + limits.depth());
    }
    depth++;
  }

  void leave() {
    depth--;
  }

  /** A macro is called; {@link #leaveCall} ends it. */
  void enterCall() {
    if (calls >= limits.calls()) {
      throw Failure.limit("macro calls nested too deeply: limit=" + limits.calls());
    }
    calls++;
  }

  void leaveCall() {
    calls--;
  }

  void steps(long count) {
    stepsLeft -= count;
    if (stepsLeft < 0) {
      throw Failure.limit("too many steps: limit=" + limits.steps());
    }
    if (stepsLeft <= nextClock) {
      nextClock = stepsLeft - STEPS_BETWEEN_CLOCKS;
      if (System.nanoTime() - deadlineNanos > 0) {
        throw Failure.limit("took too long: limit_seconds=" + limits.time().toSeconds());
      }
    }
  }

  /** Characters that are looked at. */
  void scan(long chars) {
    steps(chars / CHARS_A_STEP);
  }

  /** Asks for room before a string is made. */
  void string(long chars) {
    if (chars > limits.chars()) {
      throw Failure.limit("string is too long: chars=" + chars + " limit=" + limits.chars());
    }
    allocate(2 * chars);
    scan(chars);
  }

  /** A string that was made within the bounds of others. */
  String made(String string) {
    string(string.length());
    return string;
  }

  /** Asks for room before a list, or a larger one, is made. */
  void items(long count) {
    if (count > limits.items()) {
      throw Failure.limit("list is too long: items=" + count + " limit=" + limits.items());
    }
    allocate(24 * count);
    steps(count / 8);
  }

  /** Asks for bytes. */
  void allocate(long bytes) {
    bytesLeft -= bytes;
    if (bytesLeft < 0) {
      throw Failure.limit("took too much memory: limit_bytes=" + limits.bytes());
    }
  }
}
