package io.penstock.udf.stage;

import java.util.List;

/**
 * What passes through the pipeline at once: the segments' rows one after another.
 *
 * @param sequence number of the batch in its replica, from 0, without gaps within an attempt
 * @param segments its segments, at least one, in row order
 * @param tokenIds token ids of all rows on the first stage, empty on the others; not to be changed
 */
public record ChunkBatch(long sequence, List<Segment> segments, int[] tokenIds) {

  /** Copies the list. */
  public ChunkBatch {
    segments = List.copyOf(segments);
  }

  /**
   * @return rows of the batch: tokens of all segments
   */
  public int rows() {
    int rows = 0;
    for (Segment segment : segments) {
      rows += segment.tokens();
    }
    return rows;
  }
}
