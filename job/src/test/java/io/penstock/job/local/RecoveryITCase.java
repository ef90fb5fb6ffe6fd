package io.penstock.job.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.Commands;
import io.penstock.job.PrefillEdges;
import io.penstock.job.PrefillOptions;
import io.penstock.job.PrefillPlan;
import io.penstock.job.PrefillRuntime;
import io.penstock.job.PrefillTopology;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageProgram;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * A job that fails and restarts answers every prompt, with the same tokens. It starts from nothing:
 * its input has been read to the end before a checkpoint is complete. What fails behind one is in
 * {@code ExactlyOnceITCase} and in the system test.
 */
class RecoveryITCase {
  private static final String MODEL = "llama-gqa-a";
  private static final int ROUNDS = 4;

  /** Of the job under test, which runs in this process: attempts of the failing part. */
  private static final AtomicInteger ATTEMPTS = new AtomicInteger();

  @TempDir private Path folder;

  @BeforeEach
  void forgetAttempts() {
    ATTEMPTS.set(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void afterAStageHasFailedEveryPromptIsAnswered(int failing) throws Exception {
    Map<String, List<PrefillResult>> results = run(new FailsOnce(failing), false);
    assertThat(ATTEMPTS).hasValueGreaterThan(1);
    checkAnswers(results);
    assertThat(results.values())
        .allSatisfy(same -> assertThat(same.get(0).getJobAttempt()).isEqualTo(1));
  }

  @Test
  void afterTheSinkHasFailedHalfwayEveryPromptIsAnswered() throws Exception {
    Map<String, List<PrefillResult>> results = run(new Stages(), true);
    assertThat(ATTEMPTS).hasValueGreaterThan(1);
    checkAnswers(results);
    assertThat(results.values())
        .as("answered before the failure")
        .anySatisfy(same -> assertThat(same.get(0).getJobAttempt()).isZero());
  }

  private static void checkAnswers(Map<String, List<PrefillResult>> results) {
    List<Goldens.Prompt> prompts = Goldens.tiny(MODEL);
    assertThat(results).hasSize(ROUNDS * prompts.size());
    for (int round = 0; round < ROUNDS; round++) {
      for (Goldens.Prompt prompt : prompts) {
        assertThat(results.get(round + prompt.name()))
            .isNotEmpty()
            .allSatisfy(result -> assertThat(result.getFirstTokenId()).isEqualTo(prompt.argmax()));
      }
    }
  }

  private Map<String, List<PrefillResult>> run(StageOpener opener, boolean sinkFails)
      throws Exception {
    List<String> lines = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (Goldens.Prompt prompt : Goldens.tiny(MODEL)) {
        lines.add(
            "{\"request_id\": \"%s\", \"token_ids\": %s}"
                .formatted(round + prompt.name(), Arrays.toString(prompt.ids())));
      }
    }
    Path input = Files.write(folder.resolve("in.jsonl"), lines);
    Path output = folder.resolve("out.jsonl");
    Options options = new Options();
    Commands.of(options)
        .parseArgs(
            "--model-path=" + TinyModels.directory(MODEL),
            "--backend=reference",
            "--pp-size=2",
            "--chunked-prefill-size=64");
    PrefillPlan plan = PrefillPlan.resolve(options.options);
    try (AnswerFile answers = AnswerFile.open("recovery", output)) {
      assertThat(answers.count().lines()).isZero();
      StreamExecutionEnvironment environment = LocalCluster.environment(plan);
      environment.configure(restarts());
      PrefillRuntime.require(environment);
      PrefillRuntime.recover(environment, Duration.ofMillis(100));
      LocalEdges edges = new LocalEdges(input, lines.size(), "recovery");
      PrefillTopology.build(environment, plan, sinkFails ? new FailingSink(edges) : edges, opener);
      environment.executeAsync("recovery").getJobExecutionResult().get(2, TimeUnit.MINUTES);
    }
    Map<String, List<PrefillResult>> results = new TreeMap<>();
    for (String line : Files.readAllLines(output)) {
      PrefillResult result = JsonCodec.PREFILL_RESULT.decode(line);
      results.computeIfAbsent(result.getRequestId(), id -> new ArrayList<>()).add(result);
    }
    return results;
  }

  private Configuration restarts() {
    return Configuration.fromMap(
        Map.of(
            "restart-strategy.type", "fixed-delay",
            "restart-strategy.fixed-delay.attempts", "3",
            "restart-strategy.fixed-delay.delay", "10 ms",
            "execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString()));
  }

  @Command
  private static final class Options {
    @Mixin private PrefillOptions options;
  }

  /** Opens one stage, the first time, with a program that fails on its first batch. */
  private record FailsOnce(int stage) implements StageOpener {
    @Override
    public OpenStage open(StageSpec spec, int maxOutstanding) throws IOException {
      OpenStage open = new Stages().open(spec, maxOutstanding);
      if (spec.stage() != stage || ATTEMPTS.getAndIncrement() > 0) {
        return open;
      }
      open.close();
      return new OpenStage(
          new StageExecutor("failing", new Broken(), open.outputs(), maxOutstanding),
          open.inputs(),
          open.outputs(),
          open.layers(),
          open.hiddenSize(),
          open.vocabSize(),
          open.residualType(),
          "broken",
          open.kvBytesPerToken());
    }
  }

  private static final class Broken implements StageProgram {
    @Override
    public float[][] run(ChunkBatch batch, Activations in, Activations out) {
      throw new IllegalStateException("broken on purpose");
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  /** Edges whose result sink fails once, at its seventh result. */
  private record FailingSink(LocalEdges edges) implements PrefillEdges {
    @Override
    public RecordFormat format() {
      return edges.format();
    }

    @Override
    public Source<SourceRecord, ?, ?> prompts() {
      return edges.prompts();
    }

    @Override
    public Sink<ResultRecord> results() {
      return new ResultSink(edges.results());
    }

    @Override
    public Sink<DeadLetter> deadLetters(RefusedBy refusedBy) {
      return edges.deadLetters(refusedBy);
    }

    @Override
    public ControlSource control() {
      return null;
    }
  }

  private record ResultSink(Sink<ResultRecord> sink) implements Sink<ResultRecord> {
    @Override
    public SinkWriter<ResultRecord> createWriter(WriterInitContext context) throws IOException {
      return new Writer(sink.createWriter(context), ATTEMPTS.getAndIncrement() == 0);
    }
  }

  private static final class Writer implements SinkWriter<ResultRecord> {
    private static final int FAIL_AT = 7;

    private final SinkWriter<ResultRecord> writer;
    private final boolean fails;
    private int results;

    Writer(SinkWriter<ResultRecord> writer, boolean fails) {
      this.writer = writer;
      this.fails = fails;
    }

    @Override
    public void write(ResultRecord result, Context context)
        throws IOException, InterruptedException {
      if (fails && ++results == FAIL_AT) {
        throw new IOException("broken on purpose");
      }
      writer.write(result, context);
    }

    @Override
    public void flush(boolean endOfInput) {
      // each line is flushed as it is written
    }

    @Override
    public void close() {
      // the file is its opener's
    }
  }
}
