package io.penstock.operators.stage;

import java.util.ArrayDeque;

/**
 * Arrays for fragments that come over the network, kept for reuse: a fresh one for each would be an
 * allocation of its own region (humongous) in G1. One pool per serializer instance, so per task
 * input; thread-safe all the same. Consumers release a fragment before the next is read, so one
 * array is in use as a rule.
 */
final class FragmentPool {
  private static final int MOST_KEPT = 4;

  private final ArrayDeque<byte[]> free = new ArrayDeque<>();

  /**
   * @param length bytes needed, at most {@link Fragment#MAX_BYTES}
   * @return an array of at least that length, contents undefined
   */
  synchronized byte[] take(int length) {
    byte[] kept = free.poll();
    if (kept != null && kept.length >= length) {
      return kept;
    }
    return new byte
        [length <= FrameWriter.DEFAULT_FRAGMENT_BYTES
            ? FrameWriter.DEFAULT_FRAGMENT_BYTES
            : Fragment.MAX_BYTES];
  }

  /**
   * @param array taken from here before; the caller forgets it
   */
  synchronized void give(byte[] array) {
    if (free.size() < MOST_KEPT) {
      free.push(array);
    }
  }

  synchronized int kept() {
    return free.size();
  }
}
