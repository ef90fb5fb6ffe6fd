package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.operators.stage.EpochClock;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FragmentTypeInfo;
import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.FrameWriter;
import io.penstock.operators.stage.Frames;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageOperatorFactory;
import io.penstock.operators.stage.StageTiming;
import io.penstock.schemas.PrefillResult;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageProgram;
import io.penstock.udf.stage.StageSpec;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Three stages on three TaskManagers with Flink's network between them, frames of several fragments
 * each, one prompt a batch. The first stage is the feed: it makes the activations.
 */
@Timeout(180)
final class StageChainITCase {
  private static final int STAGES = 3;
  private static final int ROWS = 40;
  private static final int HIDDEN = 8192; // 1.3 MB a frame, three fragments
  private static final int VOCAB = 1000;
  private static final int BATCHES = 60;
  private static final int MANY = 1 << 20;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(STAGES)
              .setNumberSlotsPerTaskManager(1)
              .build());

  // Everything runs in this JVM, so the test and the tasks share these.
  private static final Semaphore LAST_STAGE_TURNS = new Semaphore(0);
  private static final Queue<PrefillResult> RESULTS = new ConcurrentLinkedQueue<>();
  private static final Queue<ActivationsPool> POOLS = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger FAILURES_LEFT = new AtomicInteger();

  @BeforeEach
  void startClean() {
    LAST_STAGE_TURNS.drainPermits();
    RESULTS.clear();
    POOLS.clear();
    FAILURES_LEFT.set(0);
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(POOLS).isNotEmpty().allMatch(pool -> pool.inUse() == 0);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("adder-"));
  }

  /** Adds 1 on the middle stage; checks every element and makes logits of it on the last one. */
  private record Adder(StageSpec spec) implements StageProgram {
    @Override
    public float[][] run(ChunkBatch batch, Activations in, Activations out) {
      float expected = number(batch) + spec.stage() - 1;
      for (int i = 0; i < batch.rows() * HIDDEN; i++) {
        float element = in.bytes().getFloat(i * 4);
        if (element != expected) {
          throw new IllegalStateException("element=" + element + " expected=" + expected);
        }
        if (out != null) {
          out.bytes().putFloat(i * 4, element + 1);
        }
      }
      if (!spec.last()) {
        if (batch.sequence() == BATCHES / 2 && FAILURES_LEFT.getAndDecrement() > 0) {
          throw new IllegalStateException("made for this test");
        }
        return new float[0][];
      }
      LAST_STAGE_TURNS.acquireUninterruptibly();
      float[] logits = new float[VOCAB];
      logits[(int) expected] = 1;
      return new float[][] {logits};
    }

    @Override
    public void close() {}
  }

  private static int number(ChunkBatch batch) {
    return Integer.parseInt(batch.segments().get(0).requestId());
  }

  private static OpenStage open(StageSpec spec, int maxOutstanding) {
    ActivationsPool inputs = new ActivationsPool(ElementType.F32, ROWS, HIDDEN);
    ActivationsPool outputs =
        spec.last() ? null : new ActivationsPool(ElementType.F32, ROWS, HIDDEN);
    POOLS.add(inputs);
    if (outputs != null) {
      POOLS.add(outputs);
    }
    return new OpenStage(
        new StageExecutor("adder-" + spec.stage(), new Adder(spec), outputs, maxOutstanding),
        inputs,
        outputs,
        new LayerRange(spec.stage(), spec.stage() + 1),
        HIDDEN,
        VOCAB,
        ElementType.F32,
        "adder",
        1);
  }

  /** In the place of the head: one batch, one prompt, for each number. */
  private static final class Feed extends ProcessFunction<Long, Fragment> {
    private static final long serialVersionUID = 1L;

    private transient FrameWriter writer;
    private transient Activations activations;
    private transient Collector<Fragment> out;
    private transient long sequence;

    @Override
    public void open(OpenContext context) {
      activations = new Activations(ElementType.F32, ROWS, HIDDEN);
      writer = new FrameWriter(fragment -> out.collect(fragment));
    }

    @Override
    public void processElement(Long number, Context context, Collector<Fragment> to)
        throws Exception {
      out = to;
      String id = Long.toString(number);
      int rows = 1 + (int) (number % ROWS);
      activations.resize(rows);
      for (int i = 0; i < rows * HIDDEN; i++) {
        activations.bytes().putFloat(i * 4, number);
      }
      long now = EpochClock.micros();
      PromptSummary prompt =
          new PromptSummary(
              id, now / 1000, now, rows, 0, new int[] {rows}, 1, Map.of(), List.of(), null);
      Segment segment = new Segment(id, 0, rows, new int[] {0}, true);
      ChunkBatch batch = new ChunkBatch(sequence++, List.of(segment), new int[0]);
      FrameHeader header =
          FrameHeader.batch(batch, List.of(prompt)).with(new StageTiming(0, now, now, now, now));
      writer.activations(header, activations);
      if (number % 10 == 9) {
        writer.abort(FrameHeader.abort(Frames.prompt("abort " + number, 1)));
      }
    }
  }

  private static final class Keep extends ProcessFunction<ResultRecord, Integer> {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(ResultRecord result, Context context, Collector<Integer> out) {
      RESULTS.add(result.result());
    }
  }

  private static JobClient submit(Duration checkpointInterval) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(1);
    env.enableCheckpointing(checkpointInterval.toMillis());
    SingleOutputStreamOperator<Fragment> frames =
        env.fromSequence(0, BATCHES - 1)
            .slotSharingGroup("stage-0")
            .process(new Feed(), FragmentTypeInfo.INSTANCE)
            .slotSharingGroup("stage-0");
    for (int stage = 1; stage < STAGES; stage++) {
      StageSpec spec = new StageSpec("none", stage, STAGES, "adder", "f32", 1, 1, ROWS);
      StageOpener opener = (StageOpener & Serializable) StageChainITCase::open;
      frames =
          frames
              .transform(
                  "stage " + stage,
                  FragmentTypeInfo.INSTANCE,
                  new StageOperatorFactory(spec, opener, 2))
              .slotSharingGroup("stage-" + stage);
    }
    FirstTokenSpec firstToken = new FirstTokenSpec("", "Adder", STAGES, "fixed:" + ROWS);
    frames
        .process(
            new FirstTokenFunction(firstToken, path -> Optional.empty()), ResultByReference.TYPE)
        .process(new Keep())
        .sinkTo(new DiscardingSink<>());
    return env.executeAsync("stage chain");
  }

  private static List<String> expected() {
    List<String> lines = new ArrayList<>();
    for (int number = 0; number < BATCHES; number++) {
      lines.add(number + " ok " + (number + STAGES - 2));
      if (number % 10 == 9) {
        lines.add("abort " + number + " cancelled null");
      }
    }
    return lines;
  }

  private static List<String> results() {
    return lines(RESULTS);
  }

  private static List<String> lines(Collection<PrefillResult> results) {
    return results.stream()
        .map(one -> one.getRequestId() + " " + one.getStatus() + " " + one.getFirstTokenId())
        .toList();
  }

  private static void await(JobClient job) throws Exception {
    job.getJobExecutionResult().get(120, TimeUnit.SECONDS);
  }

  @Test
  void framesArriveWholeInOrderAndWithTheirTimes() throws Exception {
    LAST_STAGE_TURNS.release(MANY);
    await(submit(Duration.ofMillis(20)));
    assertThat(results()).isEqualTo(expected());
    assertThat(RESULTS)
        .allSatisfy(
            result -> {
              assertThat(result.getTtftMs().getTotal()).isNotNegative();
              assertThat(result.getTtftMs().getBubble()).isNotNegative();
              assertThat(result.getStages()).isEqualTo(STAGES);
            });
  }

  @Test
  void aCheckpointCompletesWhileWorkIsQueued(@InjectMiniCluster MiniCluster cluster)
      throws Exception {
    JobClient job = submit(Duration.ofHours(1));
    LAST_STAGE_TURNS.release(1);
    while (RESULTS.isEmpty()) {
      Thread.onSpinWait();
    }
    CompletableFuture<String> checkpoint = cluster.triggerCheckpoint(job.getJobID());
    int turns = 0;
    while (!checkpoint.isDone() && turns < BATCHES) {
      int before = RESULTS.size();
      LAST_STAGE_TURNS.release(1);
      turns++;
      while (RESULTS.size() == before && !checkpoint.isDone()) {
        Thread.onSpinWait();
      }
    }
    checkpoint.get(60, TimeUnit.SECONDS);
    System.out.println("checkpoint was complete after " + RESULTS.size() + " results");
    assertThat(RESULTS).hasSizeLessThan(BATCHES / 2);
    LAST_STAGE_TURNS.release(MANY);
    await(job);
    assertThat(results()).isEqualTo(expected());
  }

  @Test
  void afterAFailureTheStagesStartAnewAndNothingIsLost() throws Exception {
    FAILURES_LEFT.set(1);
    LAST_STAGE_TURNS.release(MANY);
    await(submit(Duration.ofMillis(20)));
    assertThat(FAILURES_LEFT).hasValueLessThan(1);
    assertThat(results()).containsAll(expected());
    List<PrefillResult> ofSecondAttempt =
        RESULTS.stream().filter(result -> result.getJobAttempt() == 1).toList();
    assertThat(ofSecondAttempt).isNotEmpty();
    assertThat(expected()).endsWith(lines(ofSecondAttempt).toArray(String[]::new));
  }

  @Test
  void aJobCancelledWhileEveryStageWaitsLeavesNothing() throws Exception {
    JobClient job = submit(Duration.ofHours(1));
    LAST_STAGE_TURNS.release(3);
    while (RESULTS.size() < 3 || !LAST_STAGE_TURNS.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    job.cancel().get(60, TimeUnit.SECONDS);
    // The batch being computed is waited for.
    LAST_STAGE_TURNS.release(MANY);
    while (!job.getJobStatus().get(60, TimeUnit.SECONDS).isGloballyTerminalState()) {
      Thread.onSpinWait();
    }
    assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.CANCELED);
    // Stages go on until the cancel reaches them; how far differs from run to run.
    assertThat(RESULTS).hasSizeBetween(3, BATCHES - 1);
  }
}
