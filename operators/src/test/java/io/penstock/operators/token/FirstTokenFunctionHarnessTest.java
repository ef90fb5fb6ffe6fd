package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FragmentSerializer;
import io.penstock.operators.stage.FrameException;
import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.FrameWriter;
import io.penstock.operators.stage.Frames;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageTiming;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.RecordHeader;
import io.penstock.schemas.ResultStatus;
import io.penstock.schemas.TokenLogit;
import io.penstock.udf.model.Tokenizer;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class FirstTokenFunctionHarnessTest {
  private static final FirstTokenSpec SPEC =
      new FirstTokenSpec("no such file", "Fake-1M", 2, "fixed:512");
  private static final int VOCAB = 50;

  private static final class Brackets implements Tokenizer {
    private boolean closed;

    @Override
    public int[] encode(String text) {
      throw new AssertionError("nothing is to be encoded here");
    }

    @Override
    public String decode(int... tokenIds) {
      assertThat(tokenIds).hasSize(1);
      return "<" + tokenIds[0] + ">";
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static final RecordHeader TRACE =
      new RecordHeader("traceparent", ByteBuffer.wrap(new byte[] {1}));

  private OneInputStreamOperatorTestHarness<Fragment, ResultRecord> harness;
  private final FrameWriter writer = new FrameWriter(100, this::process);

  private void open(Tokenizer tokenizer) throws Exception {
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(
                new FirstTokenFunction(SPEC, path -> Optional.ofNullable(tokenizer))));
    // by reference, as in a chain with object reuse
    harness.getExecutionConfig().enableObjectReuse();
    harness.setup(new ResultByReference());
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    if (harness != null) {
      harness.close();
    }
  }

  private void process(Fragment fragment) {
    try {
      harness.processElement(new StreamRecord<>(fragment));
    } catch (Exception e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static StageTiming timing(int stage) {
    return new StageTiming(stage, 1, 2, 3, 4);
  }

  private static FrameHeader header(long sequence, List<Segment> segments, PromptSummary... ends) {
    return FrameHeader.batch(new ChunkBatch(sequence, segments, new int[0]), List.of(ends))
        .with(timing(0))
        .with(timing(1));
  }

  private static Segment segment(String prompt, boolean last) {
    return new Segment(prompt, 0, 4, new int[] {3}, last);
  }

  private static float[] logits(int best) {
    float[] logits = new float[VOCAB];
    logits[best] = 2;
    logits[0] = 1;
    return logits;
  }

  @Test
  void everyPromptThatEndsGivesAResultInOrder() throws Exception {
    Brackets tokenizer = new Brackets();
    open(tokenizer);
    PromptSummary a =
        new PromptSummary(
            "a", 5000, 0, 12, 8, new int[] {8, 4}, 2, Map.of("k", "v"), List.of(TRACE), null);
    writer.logits(header(0, List.of(segment("a", false))), new float[0][], VOCAB);
    assertThat(harness.extractOutputValues()).isEmpty();
    writer.logits(
        header(
            1,
            List.of(segment("c", false), segment("a", true), segment("b", true)),
            a,
            Frames.prompt("b", 4)),
        new float[][] {logits(7), logits(49)},
        VOCAB);
    List<ResultRecord> records = harness.extractOutputValues();
    assertThat(records.get(0).headers()).containsExactly(TRACE);
    assertThat(records.get(1).headers()).isEmpty();
    List<PrefillResult> results = records.stream().map(ResultRecord::result).toList();
    assertThat(results).hasSize(2);
    PrefillResult first = results.get(0);
    assertThat(first.getRequestId()).isEqualTo("a");
    assertThat(first.getStatus()).isEqualTo(ResultStatus.ok);
    assertThat(first.getCancelReason()).isNull();
    assertThat(first.getModel()).isEqualTo("Fake-1M");
    assertThat(first.getPromptTokens()).isEqualTo(12);
    assertThat(first.getCachedTokens()).isEqualTo(8);
    assertThat(first.getFirstTokenId()).isEqualTo(7);
    assertThat(first.getFirstTokenText()).isEqualTo("<7>");
    assertThat(first.getTopLogits()).containsExactly(new TokenLogit(7, 2f), new TokenLogit(0, 1f));
    assertThat(first.getChunkTokens()).containsExactly(8, 4);
    assertThat(first.getChunkPolicy()).isEqualTo("fixed:512");
    assertThat(first.getStages()).isEqualTo(2);
    assertThat(first.getJobAttempt()).isZero();
    assertThat(first.getMetadata()).containsExactly(Map.entry("k", "v"));
    assertThat(results.get(1).getRequestId()).isEqualTo("b");
    assertThat(results.get(1).getFirstTokenId()).isEqualTo(49);
    assertThat(results.get(1).getTopLogits()).isEmpty();
    harness.close();
    harness = null;
    assertThat(tokenizer.closed).isTrue();
  }

  @Test
  void withoutATokenizerThereIsNoText() throws Exception {
    open(null);
    writer.logits(
        header(0, List.of(segment("a", true)), Frames.prompt("a", 4)),
        new float[][] {logits(3)},
        VOCAB);
    PrefillResult result = harness.extractOutputValues().get(0).result();
    assertThat(result.getFirstTokenId()).isEqualTo(3);
    assertThat(result.getFirstTokenText()).isNull();
  }

  @Test
  void aPromptGivenUpIsCancelled() throws Exception {
    open(null);
    writer.logits(header(0, List.of(segment("a", false))), new float[0][], VOCAB);
    PromptSummary prompt =
        new PromptSummary("a", 5000, 0, 12, 0, new int[] {4}, 2, Map.of(), List.of(), "too slow");
    writer.abort(FrameHeader.abort(prompt));
    PrefillResult result = harness.extractOutputValues().get(0).result();
    assertThat(result.getStatus()).isEqualTo(ResultStatus.cancelled);
    assertThat(result.getCancelReason()).isEqualTo("too slow");
    assertThat(result.getFirstTokenId()).isNull();
    assertThat(result.getFirstTokenText()).isNull();
    assertThat(result.getTopLogits()).isEmpty();
    assertThat(result.getChunkTokens()).containsExactly(4);
  }

  @Test
  void aLogitThatIsNotANumberFailsTheTask() throws Exception {
    open(null);
    float[] logits = logits(3);
    logits[20] = Float.NaN;
    assertThatThrownBy(
            () ->
                writer.logits(
                    header(0, List.of(segment("a", true)), Frames.prompt("a", 4)),
                    new float[][] {logits},
                    VOCAB))
        .hasMessageContaining("requestId=a tokenId=20");
  }

  @Test
  void whatIsNotFromTheLastStageIsRefused() throws Exception {
    open(null);
    Activations body = Frames.activations(ElementType.F32, 4, 8, new Random(1));
    assertThatThrownBy(() -> writer.activations(header(0, List.of(segment("a", false))), body))
        .hasCauseInstanceOf(FrameException.class)
        .hasMessageContaining("kind=ACTIVATIONS");
    harness.close();
    open(null);
    FrameWriter another = new FrameWriter(this::process);
    FrameHeader ofOneStage = Frames.header(0, "a", 4, false).with(timing(0));
    assertThatThrownBy(() -> another.logits(ofOneStage, new float[0][], VOCAB))
        .hasCauseInstanceOf(FrameException.class)
        .hasMessageContaining("stages=2 got stagesBefore=1");
  }

  @Test
  void theFragmentsMayComeOverTheNetworkToo() throws Exception {
    open(null);
    FragmentSerializer serializer = new FragmentSerializer();
    FrameWriter remote =
        new FrameWriter(
            90,
            fragment -> {
              try {
                process(Frames.throughWire(fragment, serializer));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < 3; i++) {
      remote.logits(
          header(i, List.of(segment("a" + i, true)), Frames.prompt("a" + i, 4)),
          new float[][] {logits(i + 1)},
          VOCAB);
    }
    assertThat(
            harness.extractOutputValues().stream().map(record -> record.result().getFirstTokenId()))
        .containsExactly(1, 2, 3);
  }
}
