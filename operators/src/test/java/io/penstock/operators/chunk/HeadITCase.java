package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.admit.AdmitTypes;
import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FragmentTypeInfo;
import io.penstock.operators.stage.FrameReader;
import io.penstock.operators.stage.Frames;
import io.penstock.operators.stage.StageOperatorFactory;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageProgram;
import io.penstock.udf.stage.StageSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobCancellationException;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Head and one stage behind it in a job that is stopped with a savepoint amid a backlog, without
 * drain, and started from it again. That is with Flink's own order of things: the end of data comes
 * before the barrier, mails go on after it, and on the way back the head is restored with prompts
 * before its task is RUNNING.
 */
@Timeout(180)
final class HeadITCase {
  private static final int STAGES = 2;
  private static final int ROWS = 64;
  private static final int HIDDEN = 4;
  private static final int VOCAB = 4;
  private static final int KV_PAGES = 8;
  private static final double PROMPTS_PER_SECOND = 2_000;
  private static final long BATCH_NANOS = 2_000_000; // so that prompts come faster than they leave
  private static final HeadSpec HEAD =
      new HeadSpec(
          ChunkPolicy.FIXED, ROWS, 3, 200 * Chunker.bytesOf(80, 0), KV_PAGES, 2, 64 * 1024);

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

  // Everything runs in this JVM, so the test and the tasks share these.
  private static final BlockingQueue<Long> RESULTS = new LinkedBlockingQueue<>();
  private static final Queue<Boolean> RUNNING_AT_FIRST_BATCH = new ConcurrentLinkedQueue<>();
  private static final AtomicReference<StreamTask<?, ?>> HEAD_TASK = new AtomicReference<>();

  @TempDir private Path savepoints;

  @AfterEach
  void nothingIsLeft() {
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("slow-stage-"));
  }

  /** Computes nothing, for a while. */
  private record Slow(StageSpec spec) implements StageProgram {
    @Override
    public float[][] run(ChunkBatch batch, Activations in, Activations out) {
      if (spec.first()) {
        if (batch.sequence() == 0) {
          RUNNING_AT_FIRST_BATCH.add(HEAD_TASK.get().isRunning());
        }
        LockSupport.parkNanos(BATCH_NANOS);
        return new float[0][];
      }
      long ended = batch.segments().stream().filter(Segment::last).count();
      return new float[(int) ended][VOCAB];
    }

    @Override
    public void close() {}
  }

  private static OpenStage open(StageSpec spec, int maxOutstanding) {
    ActivationsPool in = new ActivationsPool(ElementType.F32, ROWS, HIDDEN);
    ActivationsPool out = new ActivationsPool(ElementType.F32, ROWS, HIDDEN);
    return new OpenStage(
        new StageExecutor(
            "slow-stage-" + spec.stage(), new Slow(spec), spec.last() ? null : out, maxOutstanding),
        spec.first() ? null : in,
        spec.last() ? null : out,
        new LayerRange(spec.stage(), spec.stage() + 1),
        HIDDEN,
        VOCAB,
        ElementType.F32,
        "slow",
        1);
  }

  /** Notes the prompts that end. */
  private static final class End extends ProcessFunction<Fragment, Long> {
    private static final long serialVersionUID = 1L;

    private transient Frames.Collected collected;
    private transient FrameReader reader;

    @Override
    public void open(OpenContext context) {
      collected = new Frames.Collected();
      reader = new FrameReader(collected);
    }

    @Override
    public void processElement(Fragment fragment, Context context, Collector<Long> out)
        throws Exception {
      reader.accept(fragment);
      for (Frames.Whole frame : collected.frames) {
        frame
            .header()
            .prompts()
            .forEach(prompt -> RESULTS.add(Long.parseLong(prompt.requestId().substring(1))));
      }
      collected.frames.clear();
    }
  }

  private static boolean isRunning(StreamTask<?, ?> task) {
    HEAD_TASK.set(task);
    return task.isRunning();
  }

  private static JobClient start(Configuration more) throws Exception {
    Configuration configuration = new Configuration(more);
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(1);
    env.fromSource(
            new DataGeneratorSource<>(
                index -> HeadRig.prompt(index.intValue(), 1 + index.intValue() % 150),
                Long.MAX_VALUE,
                RateLimiterStrategy.perSecond(PROMPTS_PER_SECOND),
                AdmitTypes.ADMITTED_PROMPT),
            WatermarkStrategy.noWatermarks(),
            "prompts")
        .uid("prompts")
        .keyBy(AdmittedPrompt::routingKey, Types.STRING)
        .transform(
            "head",
            FragmentTypeInfo.INSTANCE,
            new HeadOperatorFactory(
                HEAD,
                HeadRig.stageSpec(STAGES, HEAD),
                HeadITCase::open,
                null,
                HeadITCase::isRunning))
        .uid("head")
        .forward()
        .transform(
            "stage 1",
            FragmentTypeInfo.INSTANCE,
            new StageOperatorFactory(
                new StageSpec("slow", 1, STAGES, "slow", "f32", 1, KV_PAGES, ROWS),
                HeadITCase::open,
                2))
        .uid("stage-1")
        .slotSharingGroup("stage-1")
        .process(new End())
        .returns(Types.LONG)
        .uid("end")
        .sinkTo(new DiscardingSink<>())
        .uid("sink");
    return env.executeAsync();
  }

  private static void await(int more, List<Long> into) throws InterruptedException {
    for (int i = 0; i < more; i++) {
      Long result = RESULTS.poll(60, TimeUnit.SECONDS);
      assertThat(result).as("result %d", into.size()).isNotNull();
      into.add(result);
    }
  }

  @Test
  void stoppedAmidABacklogItGoesOnFromTheSavepointAndRepeatsNothing() throws Exception {
    List<Long> results = new ArrayList<>();
    JobClient first = start(new Configuration());
    await(100, results);
    String savepoint =
        first
            .stopWithSavepoint(false, savepoints.toUri().toString(), SavepointFormatType.CANONICAL)
            .get(60, TimeUnit.SECONDS);
    first.getJobExecutionResult().get(60, TimeUnit.SECONDS);
    RESULTS.drainTo(results);
    int beforeStop = results.size();

    JobClient second =
        start(new Configuration().set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint));
    await(400, results);
    second.cancel().get(60, TimeUnit.SECONDS);
    assertThatThrownBy(() -> second.getJobExecutionResult().get(60, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(JobCancellationException.class);
    assertThat(RUNNING_AT_FIRST_BATCH).as("RUNNING at the first batch").containsExactly(true, true);
    assertThat(results)
        .as("results before the stop: %d", beforeStop)
        .isEqualTo(LongStream.range(0, results.size()).boxed().toList());
  }
}
