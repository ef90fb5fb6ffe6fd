package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.operators.chunk.ChunkPolicy;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.MemorySize;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class PrefillOptionsTest {

  @Test
  void defaults() {
    PrefillOptions options = parse("--model-path", "m.gguf");
    assertThat(options.modelPath()).isEqualTo(Path.of("m.gguf"));
    assertThat(options.ppSize()).isEqualTo(1);
    assertThat(options.chunkPolicy()).isEqualTo(ChunkPolicy.FIXED);
    assertThat(options.chunkedPrefillSize()).isEqualTo(512);
    assertThat(options.maxRunningRequests()).isEqualTo(32);
    assertThat(options.maxTotalTokens()).isEmpty();
    assertThat(options.maxInFlight()).isEqualTo(2);
    assertThat(options.maxQueuedBytes()).isEqualTo(MemorySize.ofMebiBytes(64));
    assertThat(options.backend()).isEqualTo("cpu");
    assertThat(options.cpuThreads()).isEqualTo(1);
    assertThat(options.cpuPrecision()).isEqualTo(CpuPrecision.AUTO);
    assertThat(options.replicas()).isEqualTo(1);
    assertThat(options.admitParallelism()).isEqualTo(1);
    assertThat(options.checkpointInterval()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void everyOptionIsReadIntoItsOwnValue() {
    PrefillOptions options =
        parse(
            "--model-path=/models/x --pp-size=3 --chunk-policy=fixed --chunked-prefill-size=256"
                + " --max-running-requests=7 --max-total-tokens=4096 --page-size=64"
                + " --max-in-flight=4 --max-queued-bytes=1gb --backend=reference --cpu-threads=5"
                + " --cpu-precision=bf16 --replicas=2 --admit-parallelism=6"
                + " --checkpoint-interval=2min");
    assertThat(options.modelPath()).isEqualTo(Path.of("/models/x"));
    assertThat(options.ppSize()).isEqualTo(3);
    assertThat(options.chunkedPrefillSize()).isEqualTo(256);
    assertThat(options.maxRunningRequests()).isEqualTo(7);
    assertThat(options.maxTotalTokens()).hasValue(4096);
    assertThat(options.maxInFlight()).isEqualTo(4);
    assertThat(options.maxQueuedBytes()).isEqualTo(MemorySize.parse("1gb"));
    assertThat(options.backend()).isEqualTo("reference");
    assertThat(options.cpuThreads()).isEqualTo(5);
    assertThat(options.cpuPrecision()).isEqualTo(CpuPrecision.BF16);
    assertThat(options.replicas()).isEqualTo(2);
    assertThat(options.admitParallelism()).isEqualTo(6);
    assertThat(options.checkpointInterval()).isEqualTo(Duration.ofMinutes(2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--pp-size=0 | --pp-size=0 must be at least 1",
        "--pp-size=two | Invalid value for option '--pp-size': 'two' is not an int",
        "--chunked-prefill-size=0 | --chunked-prefill-size=0 is not a positive multiple of --page-size=64",
        "--chunked-prefill-size=100 | --chunked-prefill-size=100 is not a positive multiple of --page-size=64",
        "--chunk-policy=planned | Invalid value for option '--chunk-policy'",
        "--max-running-requests=0 | --max-running-requests=0 must be at least 1",
        "--max-total-tokens=63 | --max-total-tokens=63 must be at least 64",
        "--page-size=16 | --page-size=16 is not supported; only 64",
        "--max-in-flight=0 | --max-in-flight=0 must be at least 1",
        "--max-queued-bytes=0 | --max-queued-bytes=0 must be at least 1",
        "--max-queued-bytes=much | 'much' is no size; write for instance 64mb or 1gb",
        "--cpu-threads=-1 | --cpu-threads=-1 must be at least 1",
        "--cpu-precision=f16 | Invalid value for option '--cpu-precision'",
        "--replicas=0 | --replicas=0 must be at least 1",
        "--admit-parallelism=0 | --admit-parallelism=0 must be at least 1",
        "--checkpoint-interval=soon | 'soon' is no duration; write for instance 10s or 2min",
        "--checkpoint-interval=5 | '5' is no duration; write for instance 10s or 2min",
        "--checkpoint-interval=1ms | must be at least 10",
        "--pp-sise=2 | Possible solutions: --pp-size",
        "--kv-recovery=restore | Unknown option: '--kv-recovery=restore'",
      })
  void badOptionsAreNamedWithTheirValues(String option, String message) {
    StringWriter err = new StringWriter();
    int code = commandLine(new Checked(), err).execute("--model-path=m", option.strip());
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(message.strip()).doesNotContain("\tat ");
  }

  @Test
  void aModelIsRequired() {
    StringWriter err = new StringWriter();
    assertThat(commandLine(new Checked(), err).execute()).isEqualTo(2);
    assertThat(err.toString()).contains("Missing required option: '--model-path=PATH'");
  }

  @Test
  void aRefusalIsShownWithoutStackTrace() {
    StringWriter err = new StringWriter();
    assertThat(commandLine(new Refusing(), err).execute()).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("error: no: it=1" + System.lineSeparator());
  }

  /** Parses for other tests. */
  static PrefillOptions parse(String... args) {
    Checked checked = new Checked();
    List<String> words = new ArrayList<>();
    for (String arg : args) {
      words.addAll(List.of(arg.split(" ")));
    }
    Commands.of(checked).parseArgs(words.toArray(String[]::new));
    checked.options.check();
    return checked.options;
  }

  private static CommandLine commandLine(Object command, StringWriter err) {
    return Commands.of(command).setErr(new PrintWriter(err));
  }

  @Test
  void valuesAreShownAsTheyAreWritten() {
    CommandLine line = Commands.of(new Checked());
    line.parseArgs("--model-path=m.gguf", "--pp-size=3", "--max-queued-bytes=1gb");
    assertThat(Commands.values(line.getCommandSpec()))
        .containsEntry("--model-path", "m.gguf")
        .containsEntry("--pp-size", "3")
        .containsEntry("--chunk-policy", "fixed")
        .containsEntry("--max-queued-bytes", "1 gb")
        .containsEntry("--checkpoint-interval", "10s")
        .doesNotContainKeys("--max-total-tokens", "--help");
  }

  @Command(name = "checked")
  static final class Checked implements Callable<Integer> {
    @Mixin private PrefillOptions options;

    @Override
    public Integer call() {
      options.check();
      return 0;
    }
  }

  @Command(name = "refusing")
  static final class Refusing implements Callable<Integer> {
    @Override
    public Integer call() throws RefusedException {
      throw new RefusedException("no: it=1");
    }
  }
}
