package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.Answers;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.job.system.SystemPrompts.Broken;
import io.penstock.job.system.SystemPrompts.Good;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.ResultStatus;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.SampleModel;
import io.penstock.udf.model.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The whole path as a user runs it: a Kafka broker, a JobManager and three TaskManagers as
 * processes, {@code flink run}, the sample model over three stages. Forty prompts and a broken
 * record of every kind; a TaskManager is killed in the middle; the job is stopped with a savepoint
 * and started from it. Every prompt is answered, and right to the last bit; every broken record is
 * refused for its reason; no process stays. Then the same with exactly-once delivery and two
 * TaskManagers killed, where each answer is there once.
 */
class PrefillSystemITCase {
  private static final int TASK_MANAGERS = 3;
  private static final int STAGES = TASK_MANAGERS; // whichever dies, a stage dies
  private static final int CHUNK_TOKENS = 512;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /**
   * Prompts that are sent at once, that are sent when the job has recovered, and while it is down.
   */
  private static final int FIRST = 24;

  private static final int SECOND = 34;

  private final long seed = Long.getLong("penstock.seed", 20_260_101L);
  private final Random random = new Random(seed);

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void everyPromptIsAnsweredAndRightWhateverDies() throws Exception {
    Path model = SampleModel.require();
    System.out.println("penstock.seed=" + seed);
    List<Good> prompts = SystemPrompts.good(random);
    // The longest first: it is open when its duplicate comes and when the TaskManager dies.
    prompts.sort(Comparator.comparing(prompt -> prompt.id().equals("golden-s-8000") ? 0 : 1));
    List<Broken> broken = SystemPrompts.broken(prompts.get(0), random);
    List<String> options =
        List.of(
            "--model-path=" + model,
            "--pp-size=" + STAGES,
            "--chunked-prefill-size=" + CHUNK_TOKENS,
            "--max-total-tokens=" + SystemPrompts.KV_TOKENS,
            "--checkpoint-interval=1s");

    try (SystemCluster cluster = new SystemCluster("prefill")) {
      cluster.up(TASK_MANAGERS);
      Map<String, float[]> logits = directLogits(model, prompts);
      atLeastOnce(cluster, options, prompts, broken, logits);
      exactlyOnce(cluster, options, prompts, broken, logits);
    }
  }

  private static void atLeastOnce(
      SystemCluster cluster,
      List<String> options,
      List<Good> prompts,
      List<Broken> broken,
      Map<String, float[]> logits)
      throws Exception {
    String job = cluster.submit(options);
    assertThat(cluster.reachedFromOutside()).isEmpty();
    try (Sender sender = new Sender(cluster.bootstrapServers(), KafkaOptions.PROMPT_TOPIC);
        Answers answers = new Answers(cluster.bootstrapServers(), "penstock", "read_uncommitted")) {
      sender.send(prompts.subList(0, 1), broken.subList(0, 1));
      sender.send(prompts.subList(1, FIRST), broken.subList(1, broken.size()));
      answers.await(PATIENCE, "first refusals", all -> all.refusals().size() >= 5);
      cluster.awaitCheckpoint(job, PATIENCE);
      cluster.kill("taskmanager-2");
      cluster.up(TASK_MANAGERS);
      answers.await(
          PATIENCE,
          "answers after the death of a TaskManager",
          all -> all.results().stream().anyMatch(result -> result.getJobAttempt() > 0));

      sender.send(prompts.subList(FIRST, SECOND), List.of());
      String savepoint = cluster.stopWithSavepoint(job);
      sender.send(prompts.subList(SECOND, prompts.size()), List.of());
      List<String> again = new ArrayList<>(options);
      again.add("--from-savepoint=" + savepoint);
      String second = cluster.submit(again);
      answers.await(PATIENCE, "every answer", all -> all.answered().size() >= prompts.size());
      answers.await(PATIENCE, "every refusal", all -> reasons(all).size() >= broken.size());
      cluster.stopWithSavepoint(second);

      checkResults(answers, prompts, logits);
      checkRefusals(answers, broken);
    }
  }

  /** What is committed says that a checkpoint has been completed. */
  private static void exactlyOnce(
      SystemCluster cluster,
      List<String> options,
      List<Good> prompts,
      List<Broken> broken,
      Map<String, float[]> logits)
      throws Exception {
    List<String> once = new ArrayList<>(options);
    once.add("--delivery=exactly-once");
    once.add("--consumer-group=once");
    for (String topic : List.of("prompt", "result", "dead-letter")) {
      once.add("--" + topic + "-topic=once-" + topic + "s");
    }
    String job = cluster.submit(once);
    try (Sender sender = new Sender(cluster.bootstrapServers(), "once-prompts");
        Answers answers = new Answers(cluster.bootstrapServers(), "once", "read_committed")) {
      sender.send(prompts.subList(0, 1), broken.subList(0, 1));
      sender.send(prompts.subList(1, FIRST), broken.subList(1, broken.size()));
      answers.await(PATIENCE, "committed answers", all -> !all.results().isEmpty());
      cluster.kill("taskmanager-1");
      cluster.up(TASK_MANAGERS);
      sender.send(prompts.subList(FIRST, SECOND), List.of());
      answers.await(PATIENCE, "answers after the first death", all -> attempt(all) >= 1);
      int before = attempt(answers);
      cluster.kill("taskmanager-3");
      cluster.up(TASK_MANAGERS);
      sender.send(prompts.subList(SECOND, prompts.size()), List.of());
      answers.await(PATIENCE, "answers after the second death", all -> attempt(all) > before);
      answers.await(PATIENCE, "every answer", all -> all.answered().size() >= prompts.size());
      answers.await(PATIENCE, "every refusal", all -> reasons(all).size() >= broken.size());
      cluster.stopWithSavepoint(job); // commits the last that it has written

      answers.readToEnd(PATIENCE);
      checkResults(answers, prompts, logits);
      checkRefusals(answers, broken);
      assertThat(answers.results()).as("each answer once").hasSize(prompts.size());
      assertThat(answers.refusals()).as("each dead letter once").hasSize(broken.size());
    }
  }

  private static int attempt(Answers answers) {
    return answers.results().stream().mapToInt(PrefillResult::getJobAttempt).max().orElse(-1);
  }

  /** Sends prompts, each when the one before has arrived. */
  private static final class Sender implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;

    Sender(String bootstrapServers, String topic) {
      Properties properties = new Properties();
      properties.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
      ByteArraySerializer bytes = new ByteArraySerializer();
      this.producer = new KafkaProducer<>(properties, bytes, bytes);
      this.topic = topic;
    }

    /** Sends both, the broken ones spread among the good. */
    void send(List<Good> good, List<Broken> broken)
        throws InterruptedException, ExecutionException {
      int next = 0;
      for (int i = 0; i < good.size(); i++) {
        send(good.get(i).id(), good.get(i).encode());
        for (; next * good.size() < (i + 1) * broken.size(); next++) {
          send(broken.get(next).key(), broken.get(next).value());
        }
      }
    }

    private void send(String key, byte[] value) throws InterruptedException, ExecutionException {
      byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
      producer.send(new ProducerRecord<>(topic, keyBytes, value)).get();
    }

    @Override
    public void close() {
      producer.close();
    }
  }

  private static Set<String> reasons(Answers answers) {
    Set<String> reasons = new HashSet<>();
    answers.refusals().forEach(refusal -> reasons.add(refusal.code()));
    return reasons;
  }

  private static void checkRefusals(Answers answers, List<Broken> broken) {
    for (Broken record : broken) {
      assertThat(answers.refusals())
          .as("refusal of %s", record.reason())
          .anySatisfy(
              refusal -> {
                assertThat(refusal.code()).isEqualTo(record.reason().name());
                assertThat(refusal.key()).isEqualTo(record.key().getBytes(StandardCharsets.UTF_8));
                assertThat(refusal.value()).isEqualTo(record.value());
                assertThat(refusal.message()).isNotBlank();
              });
    }
    assertThat(reasons(answers)).hasSize(broken.size());
  }

  private static void checkResults(
      Answers answers, List<Good> prompts, Map<String, float[]> logits) {
    Map<String, Good> byId = new HashMap<>();
    prompts.forEach(prompt -> byId.put(prompt.id(), prompt));
    assertThat(answers.answered()).containsExactlyInAnyOrderElementsOf(byId.keySet());
    for (PrefillResult result : answers.results()) {
      Good prompt = byId.get(result.getRequestId());
      assertThat(result)
          .as(prompt.id())
          .satisfies(
              one -> {
                checkShape(one, prompt);
                float[] expected = logits.get(prompt.id());
                assertThat(one.getTopLogits()).isEqualTo(SystemPrompts.top(expected));
                assertThat(one.getFirstTokenId())
                    .isEqualTo(SystemPrompts.top(expected).get(0).getTokenId());
                if (prompt.golden() != null) {
                  assertThat(one.getFirstTokenId()).isEqualTo(prompt.golden());
                }
              });
    }
    assertThat(prompts.stream().map(Good::golden).filter(Objects::nonNull).count())
        .as("prompts with a golden that is sure of its token")
        .isGreaterThanOrEqualTo(10);
  }

  private static void checkShape(PrefillResult result, Good prompt) {
    assertThat(result.getStatus()).isEqualTo(ResultStatus.ok);
    assertThat(result.getStages()).isEqualTo(STAGES);
    assertThat(result.getModel()).isNotBlank();
    assertThat(result.getFirstTokenText()).isNotNull();
    assertThat(result.getCachedTokens()).isZero();
    assertThat(result.getMetadata()).isEqualTo(Map.of("id", prompt.id()));
    if (prompt.ids() != null) {
      assertThat(result.getPromptTokens()).isEqualTo(prompt.ids().length);
    }
    assertThat(result.getChunkTokens()).allMatch(tokens -> tokens > 0 && tokens <= CHUNK_TOKENS);
    assertThat(result.getChunkTokens().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(result.getPromptTokens());
    var ttft = result.getTtftMs();
    assertThat(List.of(ttft.getQueue(), ttft.getCompute(), ttft.getTransfer(), ttft.getBubble()))
        .allMatch(part -> part >= 0);
    assertThat(ttft.getTotal()).isPositive();
  }

  private static Map<String, float[]> directLogits(Path model, List<Good> prompts)
      throws IOException {
    Map<String, float[]> logits = new HashMap<>();
    try (DirectRun direct = new DirectRun(model, SystemPrompts.CONTEXT_TOKENS)) {
      for (Good prompt : prompts) {
        int[] ids = prompt.ids() == null ? encode(model, prompt.text()) : prompt.ids();
        logits.put(prompt.id(), direct.logits(ids));
      }
    }
    return logits;
  }

  private static int[] encode(Path path, String text) throws IOException {
    try (Model model = Models.open(path);
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      return tokenizer.encode(text);
    }
  }
}
