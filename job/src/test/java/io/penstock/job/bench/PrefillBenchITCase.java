package io.penstock.job.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.Commands;
import io.penstock.udf.model.TinyModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code penstock bench prefill} with a tiny model, as far as it needs no cluster. */
class PrefillBenchITCase {
  private static final String MODEL = "llama-gqa-a";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("prefill", "--model-path=" + model()));
    all.addAll(Arrays.asList(arguments));
    return Commands.of(new BenchCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }

  private static Path model() {
    return TinyModels.directory(MODEL);
  }

  @Test
  void measuresTheStagesAloneAndTheJobInThisProcess() {
    assertThat(
            run(
                "--through=bare,local",
                "--tokens=100,150",
                "--prompts=3",
                "--rounds=2",
                "--chunked-prefill-size=64"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString())
        .contains("| 100 | 3 | bare |", "| 150 | 3 | local |", "pp-size=2")
        .contains("| local | 150 | 2 |");
    assertThat(err.toString()).contains("[12/12] local, 150 tokens, round 2 of 2");
    assertThat(liveThreads()).isEmpty();
  }

  @Test
  void withJsonThereIsNothingElseOnStdout() {
    assertThat(run("--through=bare", "--tokens=64", "--prompts=1", "--rounds=1", "--json"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString().lines()).hasSize(1);
    assertThat(out.toString()).startsWith("{\"commit\":").contains("\"way\":\"bare\"");
  }

  @Test
  void tellsTheFrontDoorWhatItNeeds() {
    assertThat(
            run(
                "--plan-only",
                "--peer=llama.cpp,llama.cpp:q8_0",
                "--tokens=64",
                "--max-in-flight=3"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString().lines())
        .containsExactly(
            "cluster 2",
            "peer q4_0",
            "peer q8_0",
            "model " + model().toAbsolutePath().normalize(),
            "job --pp-size=2",
            "job --max-in-flight=3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--rounds=0 | 2 | --rounds=0 must be at least 1",
        "--tokens=0 | 2 | --tokens=0 must be at least 1",
        "--tokens=8,8 | 2 | --tokens names something twice",
        "--through=river | 2 | river",
        "--peer=vllm | 2 | there are llama.cpp (q4_0) and llama.cpp:q8_0",
        "--tokens=1000000 | 1 | --tokens=1000000 is more than fits",
        "--through=cluster --tokens=64 | 1 | --through=cluster needs a cluster",
        "--through=bare --tokens=64 --peer=llama.cpp | 1 | --peer needs llama.cpp",
      })
  void refusesWhatCannotBe(String arguments, int code, String message) {
    assertThat(run(arguments.split(" "))).isEqualTo(code);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
    assertThat(liveThreads()).isEmpty();
  }

  /** Workers of stages that were not closed. */
  private static List<String> liveThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("stage-"))
        .toList();
  }
}
