package io.penstock.operators.chunk;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Cancels of prompts that are not there (yet, or any more), kept for {@link #KEPT}. Never more than
 * {@link #MOST}: beyond that the oldest is forgotten early. Times are passed in and do not go back.
 * Used by one thread.
 */
final class CancelMemory {

  /** How long a cancel waits for its prompt. */
  static final Duration KEPT = Duration.ofMinutes(1);

  /** Most cancels remembered. */
  static final int MOST = 100_000;

  private static final long KEPT_MICROS = KEPT.toMillis() * 1000;

  /**
   * A cancel.
   *
   * @param reason why; may be null
   * @param atMicros when it came, microseconds since the epoch
   */
  record Remembered(String reason, long atMicros) {}

  private final Map<String, Remembered> byRequestId = new LinkedHashMap<>();

  void remember(String requestId, String reason, long nowMicros) {
    forgetOld(nowMicros);
    byRequestId.remove(requestId);
    byRequestId.put(requestId, new Remembered(reason, nowMicros));
    if (byRequestId.size() > MOST) {
      byRequestId.remove(byRequestId.keySet().iterator().next());
    }
  }

  /** The cancel of this prompt, if one is remembered; it is forgotten then. */
  Optional<Remembered> take(String requestId, long nowMicros) {
    forgetOld(nowMicros);
    return Optional.ofNullable(byRequestId.remove(requestId));
  }

  int size() {
    return byRequestId.size();
  }

  private void forgetOld(long nowMicros) {
    Iterator<Remembered> oldestFirst = byRequestId.values().iterator();
    while (oldestFirst.hasNext() && nowMicros - oldestFirst.next().atMicros() >= KEPT_MICROS) {
      oldestFirst.remove();
    }
  }
}
