package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.Answers;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ResultStatus;
import io.penstock.schemas.TokenLogit;
import io.penstock.udf.model.SampleModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A burst far beyond what the job may hold: five thousand short prompts and a long one among them,
 * on a real broker and a real cluster. The limits hold all the time, memory does not grow with the
 * backlog, answers come in the order of arrival, and nothing is lost.
 */
class OverloadITCase {
  private static final int SHORT_PROMPTS = 5_000;
  private static final int LONG_TOKENS = 8_000;
  private static final int LONG_AFTER = 1_000;
  private static final int MOST_SHORT_TOKENS = 12;
  private static final int STAGES = 2;
  private static final int CHUNK_TOKENS = 512;
  private static final int MAX_QUEUED_BYTES = 256 << 10;
  private static final int MAX_RUNNING = 16;
  private static final int MAX_IN_FLIGHT = 2;
  private static final int CHECKED_EVERY = 100;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** What a TaskManager's live heap may grow by under the burst; what waits in it is 256 KiB. */
  private static final long FLAT_HEAP_BYTES = 24L << 20;

  /** The same for its resident memory, once a third of the burst has touched all of the heap. */
  private static final long FLAT_RESIDENT_BYTES = 96L << 20;

  private final long seed = Long.getLong("penstock.seed", 20_260_102L);
  private final Random random = new Random(seed);

  @Test
  @Timeout(value = 12, unit = TimeUnit.MINUTES)
  void aBurstWaitsInKafkaAndIsAnsweredInOrder() throws Exception {
    Path model = SampleModel.require();
    System.out.println("penstock.seed=" + seed);
    List<int[]> prompts = prompts();
    try (SystemCluster cluster = new SystemCluster("overload")) {
      cluster.up(STAGES);
      String job =
          cluster.submit(
              List.of(
                  "--model-path=" + model,
                  "--pp-size=" + STAGES,
                  "--chunked-prefill-size=" + CHUNK_TOKENS,
                  "--max-queued-bytes=" + MAX_QUEUED_BYTES + "b",
                  "--max-running-requests=" + MAX_RUNNING,
                  "--max-in-flight=" + MAX_IN_FLIGHT,
                  "--checkpoint-interval=2s"));
      List<TaskManagerMemory> memories =
          List.of(
              new TaskManagerMemory(cluster.pid("taskmanager-1")),
              new TaskManagerMemory(cluster.pid("taskmanager-2")));
      try (JobMetrics metrics = new JobMetrics(cluster.webUi(), job);
          Answers answers =
              new Answers(cluster.bootstrapServers(), "penstock", "read_uncommitted")) {
        long[] idle = memories.stream().mapToLong(TaskManagerMemory::liveHeapBytes).toArray();
        metrics.watch(Duration.ofMillis(250));
        burst(cluster.bootstrapServers(), prompts);

        answers.await(PATIENCE, "a third", all -> all.results().size() > prompts.size() / 3);
        long[] loaded = memories.stream().mapToLong(TaskManagerMemory::liveHeapBytes).toArray();
        long[] resident = memories.stream().mapToLong(TaskManagerMemory::residentBytes).toArray();
        answers.await(PATIENCE, "all", all -> all.results().size() >= prompts.size());

        for (int i = 0; i < memories.size(); i++) {
          long residentNow = memories.get(i).residentBytes();
          System.out.printf(
              "taskmanager-%d live heap idle %d loaded %d, resident at a third %d at the end %d%n",
              i + 1, idle[i], loaded[i], resident[i], residentNow);
          assertThat(loaded[i] - idle[i]).as("heap").isLessThan(FLAT_HEAP_BYTES);
          assertThat(residentNow - resident[i]).as("resident").isLessThan(FLAT_RESIDENT_BYTES);
        }
        checkLimits(metrics);
        checkAnswers(answers, prompts, model);
      }
    }
  }

  /** All of random tokens; one is long. */
  private List<int[]> prompts() {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < SHORT_PROMPTS; i++) {
      prompts.add(tokens(1 + random.nextInt(MOST_SHORT_TOKENS)));
    }
    prompts.add(LONG_AFTER, tokens(LONG_TOKENS));
    return prompts;
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, SystemPrompts.VOCABULARY).toArray();
  }

  private static void burst(String bootstrapServers, List<int[]> prompts) throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    Map<String, Object> properties =
        Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < prompts.size(); i++) {
        Prompt prompt =
            Prompt.newBuilder()
                .setRequestId(id(i))
                .setTokenIds(Arrays.stream(prompts.get(i)).boxed().toList())
                .setTopLogits(SystemPrompts.TOP_LOGITS)
                .build();
        byte[] key = id(i).getBytes(StandardCharsets.UTF_8);
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    KafkaOptions.PROMPT_TOPIC, key, AvroCodec.PROMPT.encode(prompt))));
      }
      for (Future<RecordMetadata> one : sent) {
        one.get();
      }
    }
  }

  private static String id(int index) {
    return "burst-" + index;
  }

  private static void checkLimits(JobMetrics metrics) {
    System.out.println("most seen: " + metrics.most());
    assertThat(metrics.most().get("queuedBytes"))
        .as("bytes that wait in the head")
        .isGreaterThan(MAX_QUEUED_BYTES / 2.0) // it was full, so the rest waited in Kafka
        // The long prompt is larger than the bound; it is taken in when nothing else waits.
        .isLessThanOrEqualTo(MAX_QUEUED_BYTES);
    assertThat(metrics.most().get("openPrompts")).isBetween(1.0, (double) MAX_RUNNING);
    assertThat(metrics.most().get("batchesInFlight")).isBetween(1.0, (double) MAX_IN_FLIGHT);
    assertThat(metrics.most().get("kvPagesUsed"))
        // With a prompt's last chunk its pages are free.
        .isBetween((LONG_TOKENS - CHUNK_TOKENS) / 64.0, metrics.most().get("kvPagesTotal"));
  }

  private static void checkAnswers(Answers answers, List<int[]> prompts, Path model)
      throws Exception {
    assertThat(answers.refusals()).isEmpty();
    assertThat(answers.results()).hasSize(prompts.size());
    List<String> inOrder = answers.results().stream().map(PrefillResult::getRequestId).toList();
    List<String> arrived = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      arrived.add(id(i));
    }
    assertThat(inOrder).isEqualTo(arrived);
    Map<Integer, PrefillResult> checked = new TreeMap<>();
    for (int i = 0; i < prompts.size(); i++) {
      PrefillResult result = answers.results().get(i);
      assertThat(result.getStatus()).isEqualTo(ResultStatus.ok);
      assertThat(result.getPromptTokens()).isEqualTo(prompts.get(i).length);
      if (i % CHECKED_EVERY == 0) {
        checked.put(i, result);
      }
    }
    assertThat(checked).containsKey(LONG_AFTER);
    try (DirectRun direct = new DirectRun(model, SystemPrompts.CONTEXT_TOKENS)) {
      for (Map.Entry<Integer, PrefillResult> entry : checked.entrySet()) {
        List<TokenLogit> expected = SystemPrompts.top(direct.logits(prompts.get(entry.getKey())));
        assertThat(entry.getValue().getTopLogits()).as(id(entry.getKey())).isEqualTo(expected);
      }
    }
  }
}
