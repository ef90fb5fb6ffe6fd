package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.util.Arrays;
import java.util.List;

/**
 * A batch's rows in tiles: each is the part of one segment that falls on one KV page, whatever the
 * chunk plan. Kept from batch to batch; one thread at a time.
 */
final class BatchTiles {
  private Segment[] segments = new Segment[16];
  private int[] firstRows = new int[16];
  private int[] firstPositions = new int[16];
  private int[] rowCounts = new int[16];
  private int count;

  /**
   * @param batch the batch's segments
   * @param pages pages of the pool, for checking the page tables
   * @return rows of the batch
   */
  int set(List<Segment> batch, int pages) {
    int row = 0;
    count = 0;
    for (int s = 0; s < batch.size(); s++) {
      Segment segment = batch.get(s);
      check(segment, pages);
      int end = segment.prefixTokens() + segment.tokens();
      int position = segment.prefixTokens();
      while (position < end) {
        int pageEnd = (position / KvLayout.PAGE_TOKENS + 1) * KvLayout.PAGE_TOKENS;
        int rows = Math.min(pageEnd, end) - position;
        add(segment, row, position, rows);
        position += rows;
        row += rows;
      }
    }
    return row;
  }

  private static void check(Segment segment, int pages) {
    int used = KvLayout.pagesFor((long) segment.prefixTokens() + segment.tokens());
    int[] table = segment.pageTable();
    if (used > table.length) {
      throw new IllegalArgumentException(
          "page table too short: pages=" + table.length + " needed=" + used);
    }
    for (int i = 0; i < used; i++) {
      if (table[i] < 0 || table[i] >= pages) {
        throw new IllegalArgumentException(
            "page outside the pool: page=" + table[i] + " poolPages=" + pages);
      }
    }
  }

  private void add(Segment segment, int row, int position, int rows) {
    if (count == segments.length) {
      segments = Arrays.copyOf(segments, 2 * count);
      firstRows = Arrays.copyOf(firstRows, 2 * count);
      firstPositions = Arrays.copyOf(firstPositions, 2 * count);
      rowCounts = Arrays.copyOf(rowCounts, 2 * count);
    }
    segments[count] = segment;
    firstRows[count] = row;
    firstPositions[count] = position;
    rowCounts[count] = rows;
    count++;
  }

  /** Number of tiles. */
  int count() {
    return count;
  }

  /** The tile's first row in the batch. */
  int firstRow(int tile) {
    return firstRows[tile];
  }

  /** Position of that row in its prompt. */
  int firstPosition(int tile) {
    return firstPositions[tile];
  }

  /** Rows of the tile, 1 to a page's tokens. */
  int rows(int tile) {
    return rowCounts[tile];
  }

  /** Page ids of the tile's prompt. */
  int[] pageTable(int tile) {
    return segments[tile].pageTable();
  }
}
