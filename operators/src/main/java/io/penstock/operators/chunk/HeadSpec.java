package io.penstock.operators.chunk;

import io.penstock.udf.kv.KvLayout;
import java.io.Serializable;

/**
 * What the head decides by.
 *
 * @param policy how prompts are cut
 * @param chunkedPrefillTokens tokens of a batch; floored to a multiple of the page, at least one
 *     page ({@code --chunked-prefill-size})
 * @param maxRunningRequests most open prompts, at least 1 ({@code --max-running-requests})
 * @param maxQueuedBytes about how many bytes of waiting prompts are held before the input waits
 *     ({@code --max-queued-bytes})
 * @param kvPages pages of the KV pool, the same on every stage ({@code --max-total-tokens})
 * @param maxInFlight most batches in stage 0, at least 1 ({@code --max-in-flight})
 * @param fragmentBytes most bytes of a fragment
 */
public record HeadSpec(
    ChunkPolicy policy,
    int chunkedPrefillTokens,
    int maxRunningRequests,
    long maxQueuedBytes,
    int kvPages,
    int maxInFlight,
    int fragmentBytes)
    implements Serializable {

  /** Checks the ranges. */
  public HeadSpec {
    atLeastOne(chunkedPrefillTokens, "chunkedPrefillTokens", "--chunked-prefill-size");
    atLeastOne(maxRunningRequests, "maxRunningRequests", "--max-running-requests");
    atLeastOne(maxQueuedBytes, "maxQueuedBytes", "--max-queued-bytes");
    atLeastOne(kvPages, "kvPages", "--max-total-tokens");
    atLeastOne(maxInFlight, "maxInFlight", "--max-in-flight");
  }

  /**
   * @return most rows of a batch: the chunk size floored to a multiple of the page, at least a page
   */
  public int maxBatchTokens() {
    return Math.max(
        KvLayout.PAGE_TOKENS, chunkedPrefillTokens / KvLayout.PAGE_TOKENS * KvLayout.PAGE_TOKENS);
  }

  /**
   * @return the policy as results name it, for instance {@code fixed:512}
   */
  public String describePolicy() {
    return policy.option() + ":" + maxBatchTokens();
  }

  /**
   * @return what the chunker keeps to
   */
  public Chunker.Limits limits() {
    return new Chunker.Limits(maxRunningRequests, kvPages, maxBatchTokens(), maxQueuedBytes);
  }

  /**
   * @return a new planner of the policy
   */
  public Planner planner() {
    return switch (policy) {
      case FIXED -> new FixedPlanner(maxBatchTokens());
    };
  }

  private static void atLeastOne(long value, String name, String option) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "must be at least 1: " + name + "=" + value + "; see " + option);
    }
  }
}
