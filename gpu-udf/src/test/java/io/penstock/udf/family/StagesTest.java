package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageResult;
import io.penstock.udf.stage.StageSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Stages as operators open them: from a file, through the weight cache of the process. */
class StagesTest {
  private static final int KV_PAGES = 8;
  private static final int MAX_ROWS = 256;

  private final Stages stages = new Stages();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("stage-"));
    WeightCache.PROCESS.closeIdle();
    assertThat(WeightCache.PROCESS.size()).as("weights in use").isZero();
  }

  private static StageSpec spec(int stage, int stageCount) {
    String path = TinyModels.directory("llama-bias-a").toString();
    return new StageSpec(path, stage, stageCount, "reference", "auto", 1, KV_PAGES, MAX_ROWS);
  }

  private static StageResult compute(OpenStage stage, ChunkBatch batch, Activations in)
      throws Exception {
    CompletableFuture<StageResult> result = new CompletableFuture<>();
    stage.executor().submit(batch, in, result::complete);
    return result.get(30, TimeUnit.SECONDS);
  }

  @Test
  void twoStagesComputeAPrompt() throws Exception {
    Goldens.Prompt prompt = Goldens.tiny("llama-bias-a").get(3);
    int[] pages = {7, 0, 3, 5};
    Segment segment = new Segment("p", 0, prompt.ids().length, pages, true);
    try (OpenStage first = stages.open(spec(0, 2), 1);
        OpenStage last = stages.open(spec(1, 2), 1)) {
      assertThat(first.layers()).isEqualTo(new LayerRange(0, 1));
      assertThat(last.layers()).isEqualTo(new LayerRange(1, 2));
      assertThat(first.inputs()).isNull();
      assertThat(last.outputs()).isNull();
      assertThat(first.hiddenSize()).isEqualTo(72);
      assertThat(first.vocabSize()).isEqualTo(600);
      assertThat(first.residualType()).isEqualTo(ElementType.F32);
      assertThat(first.backendDescription()).contains("reference");
      assertThat(first.kvBytesPerToken()).isEqualTo(2 * 24 * 4);
      StageResult half = compute(first, new ChunkBatch(0, List.of(segment), prompt.ids()), null);
      assertThat(half.failure()).isNull();
      assertThat(half.logits()).isEmpty();
      Activations in = last.inputs().take(prompt.ids().length);
      in.bytes().put(0, half.out().bytes(), 0, half.out().sizeBytes());
      first.outputs().give(half.out());
      StageResult whole = compute(last, new ChunkBatch(0, List.of(segment), new int[0]), in);
      assertThat(whole.failure()).isNull();
      assertThat(whole.out()).isNull();
      GoldenLogits.assertClose(prompt, whole.logits()[0], 1e-4);
      last.inputs().give(in);
      assertThat(first.outputs().inUse()).isZero();
      assertThat(last.inputs().inUse()).isZero();
      assertThat(WeightCache.PROCESS.size()).isEqualTo(2);
    }
    // What comes back finds its weights.
    try (OpenStage again = stages.open(spec(0, 2), 1)) {
      assertThat(again.layers()).isEqualTo(new LayerRange(0, 1));
      assertThat(WeightCache.PROCESS.size()).isEqualTo(2);
    }
    // Another split does not: what nobody uses goes.
    try (OpenStage alone = stages.open(spec(0, 1), 1)) {
      assertThat(alone.layers()).isEqualTo(new LayerRange(0, 2));
      assertThat(WeightCache.PROCESS.size()).isEqualTo(1);
    }
  }

  @Test
  void aWrongBatchFailsAndTheStageGoesOn() throws Exception {
    try (OpenStage stage = stages.open(spec(0, 1), 1)) {
      Segment wrong = new Segment("p", 0, 1, new int[] {KV_PAGES}, true);
      StageResult failed = compute(stage, new ChunkBatch(0, List.of(wrong), new int[] {1}), null);
      assertThat(failed.failure())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("page=8 kvPages=8");
      Segment right = new Segment("p", 0, 1, new int[] {KV_PAGES - 1}, true);
      StageResult result = compute(stage, new ChunkBatch(1, List.of(right), new int[] {1}), null);
      assertThat(result.failure()).isNull();
      assertThat(result.logits()).hasDimensions(1, 600);
    }
  }

  @Test
  void aBatchInWhichNoPromptEndsGivesNoLogits() throws Exception {
    int[] ids = new int[128];
    Arrays.fill(ids, 5);
    int[] pages = {1, 2, 3};
    try (OpenStage stage = stages.open(spec(0, 1), 1)) {
      Segment open = new Segment("p", 0, 128, pages, false);
      StageResult result = compute(stage, new ChunkBatch(0, List.of(open), ids), null);
      assertThat(result.failure()).isNull();
      assertThat(result.logits()).isEmpty();
      Segment end = new Segment("p", 128, 1, pages, true);
      float[] logits =
          compute(stage, new ChunkBatch(1, List.of(end), new int[] {5}), null).logits()[0];
      Segment whole = new Segment("q", 0, 129, new int[] {4, 6, 5}, true);
      int[] all = Arrays.copyOf(ids, 129);
      all[128] = 5;
      StageResult atOnce = compute(stage, new ChunkBatch(2, List.of(whole), all), null);
      assertThat(logits).isEqualTo(atOnce.logits()[0]);
    }
  }

  @Test
  void aPoolThatDoesNotFitFailsWithItsSize() {
    StageSpec spec = spec(0, 1);
    StageSpec huge =
        new StageSpec(spec.modelPath(), 0, 1, "reference", "auto", 1, Integer.MAX_VALUE, MAX_ROWS);
    assertThatThrownBy(() -> stages.open(huge, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("kvBytes=" + (2L * 2 * 24 * 4 * 64 * Integer.MAX_VALUE))
        .hasMessageContaining("kvTokens=" + 64L * Integer.MAX_VALUE)
        .hasMessageContaining("--max-total-tokens");
  }

  @Test
  void whatCannotBeOpenedLeavesNothing() {
    StageSpec spec = spec(0, 2);
    assertThatThrownBy(() -> stages.open(spec(0, 3), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layers=2")
        .hasMessageContaining("--pp-size");
    assertThatThrownBy(() -> stages.open(spec(2, 2), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("stage=2");
    assertThatThrownBy(() -> stages.open(spec, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxOutstanding=0");
    assertThatThrownBy(
            () -> stages.open(new StageSpec("/no/such", 0, 1, "reference", "auto", 1, 1, 1), 1))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("--model-path");
    assertThatThrownBy(
            () -> stages.open(new StageSpec(spec.modelPath(), 0, 1, "abacus", "auto", 1, 1, 1), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name=abacus");
  }

  @Test
  void travelsWithTheJob() throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(stages);
      out.writeObject(spec(1, 2));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      StageOpener opener = (StageOpener) in.readObject();
      StageSpec spec = (StageSpec) in.readObject();
      assertThat(spec).isEqualTo(spec(1, 2));
      try (OpenStage stage = opener.open(spec, 2)) {
        assertThat(stage.layers()).isEqualTo(new LayerRange(1, 2));
      }
    }
  }
}
