package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.BackendUnderTest;
import io.penstock.udf.backend.BackendsUnderTest;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.TinyModels;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The answer never depends on the plan: logits are the same bit for bit whatever the number of
 * stages, the size of the chunks, the company in a batch and its order, and the pages.
 */
class AnyPlanTest {
  private static final String MODEL = "llama-rope3-tied-a";
  private static final String WINDOWED = "mistral-swa-a";
  private static final int KV_PAGES = 30;
  private static final int MAX_ROWS = 1100;
  private static final long SEED = Long.getLong("penstock.seed", 20_261_124L);

  static Stream<Arguments> backendsAndStages() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(
            subject ->
                IntStream.rangeClosed(1, 3).mapToObj(stages -> Arguments.of(subject, stages)));
  }

  /** A window for each of three layers: below, at and above the size of a page or a chunk. */
  static Stream<Arguments> backendsAndWindows() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(
            subject ->
                Stream.of(List.of(1, 63, 200), List.of(64, 65, ModelConfig.FULL_ATTENTION))
                    .map(windows -> Arguments.of(subject, windows)));
  }

  @ParameterizedTest
  @MethodSource("backendsAndStages")
  void logitsAreTheSame(BackendUnderTest subject, int stages) throws Exception {
    subject.assumeAvailable();
    try (Model model = Models.open(TinyModels.directory(MODEL))) {
      assertSame(subject, model, stages, Goldens.tiny(MODEL), 64, 192, 1024);
    }
  }

  @ParameterizedTest
  @MethodSource("backendsAndWindows")
  void logitsAreTheSameWithWindows(BackendUnderTest subject, List<Integer> windows)
      throws Exception {
    subject.assumeAvailable();
    try (Model model = new Windowed(Models.open(TinyModels.directory(WINDOWED)), windows)) {
      assertSame(subject, model, 3, Goldens.tiny(WINDOWED), 64, 192);
    }
  }

  private static void assertSame(
      BackendUnderTest subject,
      Model model,
      int stages,
      List<Goldens.Prompt> goldens,
      int... chunks)
      throws Exception {
    List<int[]> prompts = goldens.stream().map(Goldens.Prompt::ids).toList();
    try (Pipeline plain = new Pipeline(model, 1, subject::open, KV_PAGES, MAX_ROWS);
        Pipeline pipeline = new Pipeline(model, stages, subject::open, KV_PAGES, MAX_ROWS)) {
      Map<String, float[]> whole = run(plain, prompts, 1024, 1, 0);
      assertThat(whole).hasSize(prompts.size());
      long seed = SEED;
      for (int chunkTokens : chunks) {
        // Alone; in company; in the same company in another order; in smaller company.
        for (int perBatch : new int[] {1, 5, 5, 2}) {
          seed++;
          Map<String, float[]> logits = run(pipeline, prompts, chunkTokens, perBatch, seed);
          for (String prompt : whole.keySet()) {
            assertThat(logits.get(prompt))
                .as(
                    "%s windows=%s stages=%d chunkTokens=%d perBatch=%d prompt=%s; -Dpenstock.seed=%d",
                    subject, model.config().windows(), stages, chunkTokens, perBatch, prompt, SEED)
                .isEqualTo(whole.get(prompt));
          }
        }
      }
    }
  }

  private static Map<String, float[]> run(
      Pipeline pipeline, List<int[]> prompts, int chunkTokens, int perBatch, long seed)
      throws Exception {
    ChunkPlan plan = new ChunkPlan(chunkTokens, perBatch, new Random(seed));
    return pipeline.run(plan.batches(prompts, pipeline.kvPages()));
  }
}
