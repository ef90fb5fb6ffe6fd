package io.penstock.operators.chunk;

import java.util.BitSet;

/**
 * Hands out the KV pages of a replica. All stages have the same pages, and use page {@code i} for
 * whatever the chunker says page {@code i} is for: ids are all there is to hand out.
 *
 * <p>A page may be handed out again as soon as it is freed, even while batches of its last owner
 * are still on their way: every stage sees the batches in the order in which they were cut, so it
 * is done with the old owner when the new one comes. Used by one thread.
 */
public final class PageAllocator {
  private final int[] free;
  private final BitSet taken;
  private int freeCount;

  /**
   * @param pages pages of the pool, ids 0 to {@code pages - 1}
   */
  public PageAllocator(int pages) {
    free = new int[pages];
    taken = new BitSet(pages);
    // Low ids first, so that a pool that is never full stays dense.
    for (int page = pages - 1; page >= 0; page--) {
      free[freeCount++] = page;
    }
  }

  /**
   * @return the id of a page that nobody has
   * @throws IllegalStateException if there is none; whoever asks has to know that there is
   */
  public int take() {
    if (freeCount == 0) {
      throw new IllegalStateException("no KV page is free: pages=" + free.length);
    }
    int page = free[--freeCount];
    taken.set(page);
    return page;
  }

  /**
   * @param page a page that was taken; the caller forgets it
   * @throws IllegalStateException if it was not
   */
  public void give(int page) {
    if (page < 0 || page >= free.length || !taken.get(page)) {
      throw new IllegalStateException(
          "KV page was not handed out: page=" + page + " pages=" + free.length);
    }
    taken.clear(page);
    free[freeCount++] = page;
  }

  /**
   * @return pages that are handed out
   */
  public int used() {
    return free.length - freeCount;
  }

  /**
   * @return pages of the pool
   */
  public int total() {
    return free.length;
  }
}
