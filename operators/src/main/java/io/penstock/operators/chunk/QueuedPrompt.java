package io.penstock.operators.chunk;

import io.penstock.udf.kv.KvLayout;
import java.util.Arrays;

/**
 * A prompt in the scheduling index: where it stands, not what it says. Changed by the {@link
 * Chunker} only; used by its thread.
 */
public final class QueuedPrompt implements Planner.Candidate {
  private final String requestId;
  private final String routingKey;
  private final long arrival;
  private final long arrivalMillis;
  private final int tokens;
  private final long labelBytes;
  private final long queuedMicros;
  private int emittedTokens;
  private int[] pages = {};
  private int pageCount;
  private int[] chunkTokens = {};
  private long firstDispatchMicros;
  private String cancelReason;

  /**
   * @param requestId names it
   * @param routingKey key of its state
   * @param arrival place in the order of arrival
   * @param arrivalMillis timestamp of its record, milliseconds since the epoch
   * @param tokens tokens of the prompt, at least 1
   * @param labelBytes bytes of its id, routing key, metadata and carried headers
   * @param queuedMicros since when the head has it, microseconds since the epoch
   */
  public QueuedPrompt(
      String requestId,
      String routingKey,
      long arrival,
      long arrivalMillis,
      int tokens,
      long labelBytes,
      long queuedMicros) {
    if (tokens < 1) {
      throw new IllegalArgumentException(
          "a prompt has tokens: requestId=" + requestId + " tokens=" + tokens);
    }
    this.requestId = requestId;
    this.routingKey = routingKey;
    this.arrival = arrival;
    this.arrivalMillis = arrivalMillis;
    this.tokens = tokens;
    this.labelBytes = labelBytes;
    this.queuedMicros = queuedMicros;
  }

  @Override
  public String requestId() {
    return requestId;
  }

  /**
   * @return key of its state
   */
  public String routingKey() {
    return routingKey;
  }

  @Override
  public long arrival() {
    return arrival;
  }

  /**
   * @return timestamp of its record, milliseconds since the epoch
   */
  public long arrivalMillis() {
    return arrivalMillis;
  }

  @Override
  public int tokens() {
    return tokens;
  }

  /**
   * @return bytes of its id, routing key, metadata and carried headers
   */
  public long labelBytes() {
    return labelBytes;
  }

  @Override
  public int emittedTokens() {
    return emittedTokens;
  }

  /**
   * @return since when the head has it, microseconds since the epoch
   */
  public long queuedMicros() {
    return queuedMicros;
  }

  /**
   * @return when its first chunk was cut, microseconds since the epoch; 0 if none was
   */
  public long firstDispatchMicros() {
    return firstDispatchMicros;
  }

  /**
   * @return sizes of its chunks so far, in order; a copy
   */
  public int[] chunkTokens() {
    return chunkTokens.clone();
  }

  /**
   * @return why it was cancelled, if it was and a reason was given; null otherwise
   */
  public String cancelReason() {
    return cancelReason;
  }

  /**
   * @return pages for all its tokens
   */
  int pagesNeeded() {
    return KvLayout.pagesFor(tokens);
  }

  /** Takes the pages for its next tokens and counts these as emitted. */
  void advance(int chunk, long nowMicros, PageAllocator allocator) {
    int needed = KvLayout.pagesFor((long) emittedTokens + chunk);
    if (pages.length == 0) {
      pages = new int[pagesNeeded()];
    }
    while (pageCount < needed) {
      pages[pageCount++] = allocator.take();
    }
    if (emittedTokens == 0) {
      firstDispatchMicros = nowMicros;
    }
    emittedTokens += chunk;
    chunkTokens = Arrays.copyOf(chunkTokens, chunkTokens.length + 1);
    chunkTokens[chunkTokens.length - 1] = chunk;
  }

  int[] pageTable() {
    return Arrays.copyOf(pages, pageCount);
  }

  void givePages(PageAllocator allocator) {
    for (int i = 0; i < pageCount; i++) {
      allocator.give(pages[i]);
    }
    pageCount = 0;
  }

  void cancelled(String reason) {
    cancelReason = reason;
  }
}
