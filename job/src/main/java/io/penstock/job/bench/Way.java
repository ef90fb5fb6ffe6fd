package io.penstock.job.bench;

import java.time.Duration;
import java.util.List;

/**
 * One of the ways to prefill the same prompts. Open and warm for the whole run, so that rounds of
 * different ways alternate; while it has no prompts it takes next to no processor time. Used by one
 * thread, which closes it.
 */
interface Way extends AutoCloseable {
  /**
   * @return its name in options, table and JSON
   */
  String name();

  /**
   * @return whether its first tokens are those that every exact way gives
   */
  default boolean exact() {
    return true;
  }

  /**
   * Gets ready for prompts of a length, once before them; may take as long as it needs.
   *
   * @param prompt one of them
   * @throws Exception if it cannot
   */
  default void prepare(int[] prompt) throws Exception {}

  /**
   * @return what {@link #prepare} chose; empty if there was nothing to choose
   */
  default String settings() {
    return "";
  }

  /**
   * Prefills prompts back to back: all are handed over at once, and the call returns when the last
   * one has its first token.
   *
   * @param prompts token ids of each, in the order of arrival
   * @return the first token's id for each
   * @throws Exception if one is not answered
   */
  int[] prefill(List<int[]> prompts) throws Exception;

  /**
   * @return processor time that all processes of this way have taken since they started
   */
  Duration processorTime();

  /** Stops what it started. */
  @Override
  void close();
}
