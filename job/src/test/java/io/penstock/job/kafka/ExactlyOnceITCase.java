package io.penstock.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.job.RefusedException;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ReasonCode;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageProgram;
import io.penstock.udf.stage.StageResult;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * With exactly-once delivery a reader of what is committed sees one answer for each record, through
 * failures. That an answer is committed says that a checkpoint has been completed.
 */
class ExactlyOnceITCase {
  private static final String MODEL = "llama-gqa-a";
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int PROMPTS = 20;

  /** Batches until one fails; below 1: none does. */
  private static final AtomicInteger UNTIL_FAILURE = new AtomicInteger();

  /** What the next batch waits for; null for nothing. */
  private static volatile Hold hold;

  private static KafkaBroker broker;

  @TempDir private Path folder;
  private final List<String> sent = new ArrayList<>();

  @BeforeAll
  static void startBroker() throws Exception {
    broker =
        new KafkaBroker(
            Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "100"));
  }

  @AfterAll
  static void stopBroker() throws Exception {
    broker.close();
  }

  @AfterEach
  void failNoMore() {
    UNTIL_FAILURE.set(0);
    hold = null;
  }

  @Test
  void eachRecordHasOneAnswerThroughFailures() throws Exception {
    try (KafkaJob job = start("failures", "--transaction-timeout=1min");
        KafkaMessages messages = messages();
        Answers committed = answers("failures", "read_committed");
        Answers all = answers("failures", "read_uncommitted")) {
      send(messages, "failures", PROMPTS);
      committed.await(PATIENCE, "the first answers", this::complete);
      for (int failure = 1; failure <= 2; failure++) {
        UNTIL_FAILURE.set(3 + failure);
        send(messages, "failures", PROMPTS);
        committed.await(PATIENCE, "answers after failure " + failure, this::complete);
        assertThat(UNTIL_FAILURE).as("failed").hasValue(0);
        assertThat(job.client().getJobStatus().get().name()).isEqualTo("RUNNING");
      }
      send(messages, "failures", 1);
      committed.await(PATIENCE, "answers of a later checkpoint", this::complete);
      all.await(PATIENCE, "all of them, committed or not", this::complete);
      check(committed);
      assertThat(all.results())
          .as("answers of transactions that were given up, or this test tests nothing")
          .hasSizeGreaterThan(committed.results().size());
    }
  }

  /**
   * The dead letter is in a transaction of Admit's sink, which the barrier of the stuck checkpoint
   * has passed. Were the checkpoint to be completed after the transaction's timeout, it would be
   * lost, and nobody would be told.
   */
  @Test
  void aCheckpointThatOutlastsItsTransactionsLosesNothing() throws Exception {
    Duration timeout = Duration.ofSeconds(6);
    try (KafkaJob job = start("stuck", "--transaction-timeout=" + timeout.toSeconds() + "s");
        KafkaMessages messages = messages();
        Answers committed = answers("stuck", "read_committed")) {
      send(messages, "stuck", 2);
      committed.await(PATIENCE, "the first answers", this::complete);
      Hold held = new Hold();
      hold = held;
      send(messages, "stuck", 1);
      assertThat(held.entered.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(held.left.await(timeout.plusSeconds(2).toMillis(), TimeUnit.MILLISECONDS))
          .as("the stage is held for longer than the transaction may last")
          .isFalse();
      hold = null;
      held.left.countDown();
      committed.await(PATIENCE, "answers after the stuck checkpoint", this::complete);
      send(messages, "stuck", 1);
      committed.await(PATIENCE, "answers of a later checkpoint", this::complete);
      check(committed);
      assertThat(committed.results())
          .as("the job failed before it could lose answers")
          .anySatisfy(result -> assertThat(result.getJobAttempt()).isPositive());
      assertThat(job.client().getJobStatus().get().name()).isEqualTo("RUNNING");
    }
  }

  @Test
  void brokersThatAllowLessAreNamed() {
    assertThatThrownBy(() -> start("long", "--transaction-timeout=16min"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--transaction-timeout=960000ms")
        .hasMessageContaining("transaction.max.timeout.ms=900000");
    assertThatThrownBy(() -> start("slash", "--transactional-id-prefix=a/b"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--transactional-id-prefix=a/b");
  }

  private KafkaJob start(String topics, String... more) throws Exception {
    List<String> options = new ArrayList<>();
    options.addAll(
        List.of(
            "--model-path=" + TinyModels.directory(MODEL),
            "--backend=reference",
            "--chunked-prefill-size=64",
            "--checkpoint-interval=500ms",
            "--delivery=exactly-once",
            "--consumer-group=" + topics,
            "--prompt-topic=" + topics + "-prompts",
            "--result-topic=" + topics + "-results",
            "--dead-letter-topic=" + topics + "-dead-letters",
            "--control-topic=" + topics + "-control",
            "--bootstrap-servers=" + broker.bootstrapServers()));
    options.addAll(List.of(more));
    return KafkaJob.start(folder, new Faulty(), options);
  }

  private static KafkaMessages messages() throws RefusedException {
    return KafkaMessages.connect(KafkaClients.of(broker.bootstrapServers()));
  }

  private static Answers answers(String topics, String isolation) {
    return new Answers(broker.bootstrapServers(), topics, isolation);
  }

  /** Sends so many prompts, and behind each something that is none. */
  private void send(KafkaMessages messages, String topics, int prompts) throws RefusedException {
    List<Goldens.Prompt> goldens = Goldens.tiny(MODEL);
    for (int i = 0; i < prompts; i++) {
      Goldens.Prompt golden = goldens.get(sent.size() % goldens.size());
      String id = sent.size() + "-" + golden.name();
      Prompt prompt =
          Prompt.newBuilder()
              .setRequestId(id)
              .setTokenIds(Arrays.stream(golden.ids()).boxed().toList())
              .build();
      messages.send(topics + "-prompts", id, AvroCodec.PROMPT.encode(prompt));
      messages.send(topics + "-prompts", "letter-" + id, new byte[] {1, 2, 3});
      sent.add(id);
    }
  }

  private boolean complete(Answers answers) {
    return answers.answered().size() >= sent.size()
        && answers.refusals().stream().map(letter -> key(letter)).distinct().count() >= sent.size();
  }

  private static String key(Answers.Refusal letter) {
    return new String(letter.key(), StandardCharsets.UTF_8);
  }

  private void check(Answers committed) {
    assertThat(committed.results())
        .extracting(result -> result.getRequestId())
        .containsExactlyInAnyOrderElementsOf(sent);
    List<Goldens.Prompt> goldens = Goldens.tiny(MODEL);
    for (int i = 0; i < sent.size(); i++) {
      String id = sent.get(i);
      int expected = goldens.get(i % goldens.size()).argmax();
      assertThat(committed.results())
          .filteredOn(result -> result.getRequestId().equals(id))
          .allSatisfy(result -> assertThat(result.getFirstTokenId()).isEqualTo(expected));
    }
    assertThat(committed.refusals())
        .extracting(letter -> key(letter))
        .containsExactlyInAnyOrderElementsOf(sent.stream().map(id -> "letter-" + id).toList());
    assertThat(committed.refusals())
        .allSatisfy(
            letter -> assertThat(letter.code()).isEqualTo(ReasonCode.UNREADABLE_RECORD.name()));
  }

  /** A batch that is held. */
  private static final class Hold {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch left = new CountDownLatch(1);
  }

  /** The one stage of the job, which fails or is held when it is told so. */
  private record Faulty() implements StageOpener {
    @Override
    public OpenStage open(StageSpec spec, int maxOutstanding) throws IOException {
      OpenStage open = new Stages().open(spec, 1);
      return new OpenStage(
          new StageExecutor("faulty", new FaultyProgram(open), null, maxOutstanding),
          null,
          null,
          open.layers(),
          open.hiddenSize(),
          open.vocabSize(),
          open.residualType(),
          "faulty",
          open.kvBytesPerToken());
    }
  }

  private record FaultyProgram(OpenStage open) implements StageProgram {
    @Override
    public float[][] run(ChunkBatch batch, Activations in, Activations out) {
      Hold held = hold;
      if (held != null) {
        held.entered.countDown();
        try {
          held.left.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException("interrupted while held", e);
        }
      }
      if (UNTIL_FAILURE.get() > 0 && UNTIL_FAILURE.decrementAndGet() == 0) {
        throw new IllegalStateException("broken on purpose");
      }
      CompletableFuture<StageResult> done = new CompletableFuture<>();
      open.executor().submit(batch, null, done::complete);
      StageResult result = done.join();
      if (result.failure() != null) {
        throw new IllegalStateException(result.failure());
      }
      return result.logits();
    }

    @Override
    public void close() {
      open.close();
    }
  }
}
