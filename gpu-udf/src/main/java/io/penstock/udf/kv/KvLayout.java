package io.penstock.udf.kv;

/**
 * Sizes of one stage's KV pool. A page holds {@link #PAGE_TOKENS} tokens of one layer: keys and
 * values of all KV heads. The order inside a page is the backend's own business.
 *
 * @param layers layers of the stage
 * @param kvHeads key and value heads
 * @param headDim dimension of a head
 * @param elementBytes bytes of one element
 */
public record KvLayout(int layers, int kvHeads, int headDim, int elementBytes) {

  /** Tokens of a page. {@code --page-size} accepts only this. */
  public static final int PAGE_TOKENS = 64;

  /**
   * @param tokens any count of tokens, not negative
   * @return pages that hold them
   */
  public static int pagesFor(long tokens) {
    return Math.toIntExact((tokens + PAGE_TOKENS - 1) / PAGE_TOKENS);
  }

  /**
   * @return bytes of keys and values of one token over the stage's layers
   */
  public long bytesPerToken() {
    return 2L * layers * kvHeads * headDim * elementBytes;
  }

  /**
   * @param pages pages of the pool
   * @return bytes of a pool of that many pages over the stage's layers
   */
  public long poolBytes(int pages) {
    return Math.multiplyExact(bytesPerToken(), (long) pages * PAGE_TOKENS);
  }
}
