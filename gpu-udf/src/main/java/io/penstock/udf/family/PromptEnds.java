package io.penstock.udf.family;

import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The last tokens of the prompts that end in a batch: in the last layer of a model nobody asks what
 * becomes of the others once their keys and values are stored.
 *
 * @param rows their rows, ascending
 * @param segments each as a segment of its own, in the same order
 */
record PromptEnds(int[] rows, List<Segment> segments) {

  static PromptEnds of(List<Segment> batch) {
    int[] rows = new int[batch.size()];
    List<Segment> segments = new ArrayList<>();
    int end = 0;
    for (Segment segment : batch) {
      end += segment.tokens();
      if (segment.last()) {
        rows[segments.size()] = end - 1;
        int prefixTokens = segment.prefixTokens() + segment.tokens() - 1;
        segments.add(new Segment(segment.requestId(), prefixTokens, 1, segment.pageTable(), true));
      }
    }
    return new PromptEnds(Arrays.copyOf(rows, segments.size()), segments);
  }
}
