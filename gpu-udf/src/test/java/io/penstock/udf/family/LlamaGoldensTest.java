package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.BackendUnderTest;
import io.penstock.udf.backend.BackendsUnderTest;
import io.penstock.udf.model.GgufTypes;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.Segment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The tiny models against figures made with other people's software, on every backend. */
class LlamaGoldensTest {
  private static final int KV_PAGES = 24;
  private static final int CHUNK_TOKENS = 256;

  /** Of the float32 figures; the files that were quantised: see the goldens' own limits. */
  private static final double DIRECTORY_LIMIT = 1e-4;

  private static final double GGUF_LIMIT = 5e-4;

  private static final double GGUF_TYPES_LIMIT = 1e-3;

  /** A step of greedy decoding may go either way below this margin, says the goldens' page. */
  private static final double UNDECIDED = 2e-3;

  static Stream<Arguments> directories() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(s -> TinyModels.DIRECTORIES.stream().map(model -> Arguments.of(s, model)));
  }

  static Stream<Arguments> ggufFiles() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(s -> TinyModels.GGUF_FILES.stream().map(model -> Arguments.of(s, model)));
  }

  static Stream<Arguments> ggufTypes() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(s -> GgufTypes.FILES.stream().map(file -> Arguments.of(s, file)));
  }

  @ParameterizedTest
  @MethodSource("ggufTypes")
  void ggufType(BackendUnderTest subject, String name) throws Exception {
    Path file = GgufTypes.require(name);
    check(subject, file, Goldens.ofFile(GgufTypes.golden(file)), GGUF_TYPES_LIMIT);
  }

  @ParameterizedTest
  @MethodSource("directories")
  void directory(BackendUnderTest subject, String model) throws Exception {
    check(subject, TinyModels.directory(model), Goldens.tiny(model), DIRECTORY_LIMIT);
  }

  @ParameterizedTest
  @MethodSource("ggufFiles")
  void ggufFile(BackendUnderTest subject, String model) throws Exception {
    check(subject, TinyModels.gguf(model), Goldens.gguf(model), GGUF_LIMIT);
  }

  private static void check(
      BackendUnderTest subject, Path path, List<Goldens.Prompt> prompts, double limit)
      throws Exception {
    subject.assumeAvailable();
    assertThat(prompts).isNotEmpty();
    try (Model model = Models.open(path);
        Pipeline pipeline = new Pipeline(model, 2, subject::open, KV_PAGES, CHUNK_TOKENS)) {
      for (Goldens.Prompt prompt : prompts) {
        double off = subject.precision().equals("f32") ? limit : 2 * prompt.bf16MaxAbs().orElse(0);
        ChunkPlan plan = new ChunkPlan(CHUNK_TOKENS, 1, new Random(prompt.ids().length));
        List<Pipeline.Batch> batches = plan.batches(List.of(prompt.ids()), KV_PAGES);
        Map<String, float[]> logits = pipeline.run(batches);
        GoldenLogits.assertClose(prompt, logits.get("0"), off);
        double undecided = subject.precision().equals("f32") ? UNDECIDED : off;
        assertGreedy(pipeline, prompt, batches, logits.get("0"), undecided);
      }
    }
  }

  /** Each token is added to the prompt; what is computed again begins with the last page. */
  private static void assertGreedy(
      Pipeline pipeline,
      Goldens.Prompt prompt,
      List<Pipeline.Batch> batches,
      float[] logits,
      double undecided)
      throws Exception {
    int[] ids = prompt.ids();
    int[] table = batches.get(0).segments().get(0).pageTable();
    float[] last = logits;
    for (int step = 0; step < prompt.greedy().length; step++) {
      if (prompt.greedyMargin()[step] <= undecided) {
        return;
      }
      int token = GoldenLogits.argmax(last);
      assertThat(token)
          .as("greedy token %d after %s", step, prompt)
          .isEqualTo(prompt.greedy()[step]);
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = token;
      table = Arrays.copyOf(table, Pipeline.pages(ids.length));
      if (ids.length % 64 == 1) {
        table[table.length - 1] = unused(table, pipeline.kvPages());
      }
      int prefix = (ids.length - 1) / 64 * 64;
      Segment segment = new Segment("0", prefix, ids.length - prefix, table, true);
      int[] chunk = Arrays.copyOfRange(ids, prefix, ids.length);
      last = pipeline.run(List.of(new Pipeline.Batch(List.of(segment), chunk))).get("0");
    }
  }

  private static int unused(int[] table, int kvPages) {
    for (int page = 0; page < kvPages; page++) {
      int candidate = page;
      if (Arrays.stream(table, 0, table.length - 1).noneMatch(taken -> taken == candidate)) {
        return page;
      }
    }
    throw new AssertionError("no page is free");
  }
}
