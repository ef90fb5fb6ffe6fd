package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.FakeStage;
import io.penstock.operators.stage.FrameKind;
import io.penstock.operators.stage.Frames;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageTiming;
import io.penstock.udf.stage.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the frames of one attempt and checks what holds in any: each prompt's chunks follow one
 * another from token 0, every row was computed from the right token, summaries tell the truth.
 */
final class Outcome {
  /** Prompts that ended with a result, in order. */
  final List<String> ended = new ArrayList<>();

  /** Prompts that were given up, in order, with the reason. */
  final List<String> aborted = new ArrayList<>();

  /** Prompts in the order of their first chunk. */
  final List<String> begun = new ArrayList<>();

  private final Map<String, AdmittedPrompt> prompts = new HashMap<>();
  private final Map<String, Integer> emitted = new HashMap<>();
  private long nextSequence;

  Outcome(List<AdmittedPrompt> all, List<Frames.Whole> frames, int stages) {
    all.forEach(prompt -> prompts.put(prompt.requestId(), prompt));
    for (Frames.Whole frame : frames) {
      if (frame.header().kind() == FrameKind.ABORT) {
        abort(frame.header().prompts().get(0));
      } else {
        assertThat(frame.header().kind())
            .isEqualTo(stages == 1 ? FrameKind.LOGITS : FrameKind.ACTIVATIONS);
        batch(frame, stages == 1);
      }
    }
  }

  private void abort(PromptSummary summary) {
    checkSummary(summary);
    aborted.add(summary.requestId());
    emitted.put(summary.requestId(), Integer.MAX_VALUE);
  }

  private void batch(Frames.Whole frame, boolean logits) {
    assertThat(frame.header().sequence()).isEqualTo(nextSequence++);
    assertThat(frame.header().timings()).hasSize(1);
    StageTiming timing = frame.header().timings().get(0);
    assertThat(timing.stage()).isZero();
    assertThat(timing.readyMicros()).isPositive().isEqualTo(timing.firstByteMicros());
    assertThat(timing.startMicros()).isGreaterThanOrEqualTo(timing.readyMicros());
    assertThat(timing.endMicros()).isGreaterThanOrEqualTo(timing.startMicros());
    ByteBuffer body = ByteBuffer.wrap(frame.body()).order(ByteOrder.LITTLE_ENDIAN);
    List<PromptSummary> summaries = new ArrayList<>(frame.header().prompts());
    int row = 0;
    for (Segment segment : frame.header().segments()) {
      AdmittedPrompt prompt = prompts.get(segment.requestId());
      int from = emitted.getOrDefault(segment.requestId(), 0);
      assertThat(segment.prefixTokens()).as(segment.requestId()).isEqualTo(from);
      if (from == 0) {
        begun.add(segment.requestId());
      }
      int end = from + segment.tokens();
      if (!logits) {
        for (int at = from; at < end; at++) {
          assertThat(body.getFloat(row++ * FakeStage.HIDDEN * 4))
              .as("%s token %d", segment.requestId(), at)
              .isEqualTo(prompt.tokenIds()[at] + 1);
        }
      }
      emitted.put(segment.requestId(), end);
      assertThat(segment.last()).isEqualTo(end == prompt.tokenIds().length);
      if (segment.last()) {
        PromptSummary summary = summaries.remove(0);
        assertThat(summary.requestId()).isEqualTo(segment.requestId());
        checkSummary(summary);
        assertThat(summary.chunkTokens()[summary.chunkTokens().length - 1])
            .isEqualTo(segment.tokens());
        if (logits) {
          assertThat(body.getFloat(row++ * FakeStage.VOCAB * 4))
              .isEqualTo(prompt.tokenIds()[end - 1]);
        }
        ended.add(segment.requestId());
        emitted.remove(segment.requestId());
      }
    }
  }

  private void checkSummary(PromptSummary summary) {
    AdmittedPrompt prompt = prompts.get(summary.requestId());
    assertThat(summary.arrivalMillis()).isEqualTo(prompt.arrivalMillis());
    assertThat(summary.promptTokens()).isEqualTo(prompt.tokenIds().length);
    assertThat(summary.topLogits()).isEqualTo(prompt.topLogits());
    assertThat(summary.metadata()).isEqualTo(prompt.metadata());
    assertThat(summary.headers()).isEqualTo(prompt.headers());
    assertThat(summary.firstDispatchMicros() > 0).isEqualTo(summary.chunkTokens().length > 0);
  }
}
