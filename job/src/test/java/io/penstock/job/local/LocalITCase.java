package io.penstock.job.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.Commands;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.TokenLogit;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.StageOpener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code penstock local} with a tiny model: the whole graph on a MiniCluster. */
class LocalITCase {
  private static final String MODEL = "llama-gqa-a";
  private static final float TOLERANCE = 1e-4f;

  @TempDir private Path folder;

  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void firstTokensAreTheGoldensAmongBrokenLines(int stages) throws Exception {
    List<Goldens.Prompt> prompts = Goldens.tiny(MODEL);
    List<String> lines = new ArrayList<>();
    for (Goldens.Prompt prompt : prompts) {
      lines.add(line(prompt));
      lines.add("{\"request_id\": \"bad " + prompt.name() + "\", \"token_ids\": [99999]}");
    }
    lines.add(2, "no JSON");
    lines.add(4, "");

    assertThat(run(lines, "--pp-size=" + stages, "--chunked-prefill-size=64")).isZero();

    Answers answers = Answers.of(output());
    for (Goldens.Prompt prompt : prompts) {
      PrefillResult result = answers.results().get(prompt.name());
      assertThat(result.getFirstTokenId()).as(prompt.name()).isEqualTo(prompt.argmax());
      assertThat(result.getPromptTokens()).isEqualTo(prompt.ids().length);
      assertThat(result.getChunkTokens().stream().mapToInt(i -> i).sum())
          .isEqualTo(prompt.ids().length);
      assertThat(result.getStages()).isEqualTo(stages);
      assertThat(result.getMetadata()).containsEntry("k", "v");
      assertThat(result.getTopLogits()).hasSize(3);
      for (int i = 0; i < 3; i++) {
        TokenLogit logit = result.getTopLogits().get(i);
        assertThat(logit.getTokenId()).isEqualTo(prompt.top10().get(i).tokenId());
        assertThat(Math.abs(logit.getLogit() - prompt.top10().get(i).logit()))
            .isLessThan(TOLERANCE);
      }
    }
    assertThat(answers.errors())
        .hasSize(prompts.size() + 2)
        .anyMatch(line -> line.startsWith("{\"request_id\":null,\"line\":3,\"error\":{"))
        .anyMatch(line -> line.startsWith("{\"request_id\":null,\"line\":5,\"error\":{"))
        .anyMatch(line -> line.contains("TOKEN_ID_OUT_OF_VOCABULARY"));
    assertThat(err.toString()).contains("5 prompts answered, 7 lines refused; 1034 tokens");
  }

  @Test
  void replicasAndParallelAdmissionAnswerEveryLineOnce() throws Exception {
    List<String> lines = Goldens.tiny(MODEL).stream().map(LocalITCase::line).toList();
    assertThat(run(lines, "--pp-size=2", "--replicas=2", "--admit-parallelism=3")).isZero();
    assertThat(Answers.of(output()).results()).hasSize(lines.size());
  }

  @Test
  void anInputOfBlankLinesGivesAnEmptyOutput() throws Exception {
    assertThat(run(List.of("", "  "))).isZero();
    assertThat(output()).isEmpty();
  }

  @Test
  void blankLinesAtTheEndAreNoPrompts() throws Exception {
    assertThat(run(List.of(line(Goldens.tiny(MODEL).get(0)), "", ""))).isZero();
    assertThat(output()).hasSize(1);
  }

  @Test
  void aMissingInputIsRefused() {
    assertThat(
            execute(new LocalCommand(), folder.resolve("none.jsonl"), folder.resolve("out.jsonl")))
        .isEqualTo(1);
    assertThat(err.toString()).startsWith("error: cannot read --input=").contains("none.jsonl");
  }

  @Test
  void anOutputThatCannotBeWrittenIsRefused() throws Exception {
    Path input = Files.writeString(folder.resolve("in.jsonl"), "{}\n");
    assertThat(execute(new LocalCommand(), input, folder)).isEqualTo(1);
    assertThat(err.toString()).startsWith("error: cannot write --output=");
    err.getBuffer().setLength(0);
    assertThat(execute(new LocalCommand(), input, input)).isEqualTo(1);
    assertThat(err.toString()).startsWith("error: cannot write --output=");
    assertThat(input).hasContent("{}\n");
  }

  @Test
  void aStageThatCannotOpenFailsTheRunWithItsReason() throws Exception {
    StageOpener none =
        (spec, maxOutstanding) -> {
          throw new IllegalStateException("no room: bytes=1; see --max-total-tokens");
        };
    List<String> lines = List.of(line(Goldens.tiny(MODEL).get(0)));
    assertThat(run(new LocalCommand(none), lines)).isEqualTo(1);
    assertThat(err.toString()).contains("error: the job failed: ").contains("--max-total-tokens");
  }

  private static String line(Goldens.Prompt prompt) {
    return "{\"request_id\": \""
        + prompt.name()
        + "\", \"token_ids\": "
        + Arrays.toString(prompt.ids())
        + ", \"top_logits\": 3, \"metadata\": {\"k\": \"v\"}}";
  }

  private int run(List<String> lines, String... options) throws IOException {
    return run(new LocalCommand(), lines, options);
  }

  private int run(LocalCommand command, List<String> lines, String... options) throws IOException {
    Path input = Files.write(folder.resolve("in.jsonl"), lines);
    return execute(command, input, folder.resolve("out.jsonl"), options);
  }

  private int execute(LocalCommand command, Path input, Path output, String... options) {
    List<String> args = new ArrayList<>(List.of(options));
    args.add("--model-path=" + TinyModels.directory(MODEL));
    args.add("--backend=reference");
    args.add("--input=" + input);
    args.add("--output=" + output);
    return Commands.of(command)
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  private List<String> output() throws IOException {
    return Files.readAllLines(folder.resolve("out.jsonl"));
  }

  /**
   * What an output file holds.
   *
   * @param results by request id; none twice
   * @param errors the other lines
   */
  record Answers(Map<String, PrefillResult> results, List<String> errors) {
    static Answers of(List<String> lines) throws Exception {
      Answers answers = new Answers(new HashMap<>(), new ArrayList<>());
      for (String line : lines) {
        if (line.contains("\"error\":")) {
          answers.errors.add(line);
        } else {
          PrefillResult result = JsonCodec.PREFILL_RESULT.decode(line);
          assertThat(answers.results.put(result.getRequestId(), result)).isNull();
        }
      }
      return answers;
    }
  }
}
