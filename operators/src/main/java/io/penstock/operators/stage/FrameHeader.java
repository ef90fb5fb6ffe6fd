package io.penstock.operators.stage;

import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a frame says about its body.
 *
 * @param kind what the frame carries
 * @param sequence number of the batch, see {@link ChunkBatch}; -1 for {@link FrameKind#ABORT}
 * @param segments segments of the batch, in row order; empty for an abort
 * @param prompts one summary for each segment that is its prompt's last, in the order of the
 *     segments; for an abort, that of the prompt given up
 * @param timings of the stages that computed the batch so far, in the order of the stages
 */
public record FrameHeader(
    FrameKind kind,
    long sequence,
    List<Segment> segments,
    List<PromptSummary> prompts,
    List<StageTiming> timings) {

  private static final int[] NO_TOKENS = {};

  /** Copies the lists, and checks that they fit one another. */
  public FrameHeader {
    segments = List.copyOf(segments);
    prompts = List.copyOf(prompts);
    timings = List.copyOf(timings);
    if (kind == FrameKind.ABORT) {
      if (!segments.isEmpty() || prompts.size() != 1) {
        throw new IllegalArgumentException(
            "an abort is of one prompt: segments="
                + segments.size()
                + " prompts="
                + prompts.size());
      }
    } else {
      checkPrompts(sequence, segments, prompts);
    }
  }

  /**
   * @param batch a batch
   * @param prompts one summary for each segment that is its prompt's last, in order
   * @return the header it starts its way with
   */
  public static FrameHeader batch(ChunkBatch batch, List<PromptSummary> prompts) {
    return new FrameHeader(
        FrameKind.ACTIVATIONS, batch.sequence(), batch.segments(), prompts, List.of());
  }

  /**
   * @param prompt a prompt that is given up
   * @return the header of the frame that says so
   */
  public static FrameHeader abort(PromptSummary prompt) {
    return new FrameHeader(FrameKind.ABORT, -1, List.of(), List.of(prompt), List.of());
  }

  /**
   * @return the batch, without token ids
   */
  public ChunkBatch chunkBatch() {
    return new ChunkBatch(sequence, segments, NO_TOKENS);
  }

  /**
   * @param timing of the stage that computed the batch last
   * @return this header with the timing appended
   */
  public FrameHeader with(StageTiming timing) {
    List<StageTiming> longer = new ArrayList<>(timings);
    longer.add(timing);
    return new FrameHeader(kind, sequence, segments, prompts, longer);
  }

  FrameHeader as(FrameKind newKind) {
    return kind == newKind ? this : new FrameHeader(newKind, sequence, segments, prompts, timings);
  }

  private static void checkPrompts(
      long sequence, List<Segment> segments, List<PromptSummary> prompts) {
    if (sequence < 0 || segments.isEmpty()) {
      throw new IllegalArgumentException(
          "a batch has a sequence and a segment: sequence="
              + sequence
              + " segments="
              + segments.size());
    }
    int next = 0;
    for (Segment segment : segments) {
      if (segment.last()) {
        if (next == prompts.size() || !prompts.get(next).requestId().equals(segment.requestId())) {
          throw new IllegalArgumentException(
              "no summary for the last segment of a prompt: sequence="
                  + sequence
                  + " requestId="
                  + segment.requestId());
        }
        next++;
      }
    }
    if (next != prompts.size()) {
      throw new IllegalArgumentException(
          "more summaries than prompts that end: sequence="
              + sequence
              + " prompts="
              + prompts.size()
              + " ending="
              + next);
    }
  }
}
