package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.DeadLetterHeaders;
import io.penstock.job.kafka.KafkaBroker;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaJob;
import io.penstock.job.kafka.KafkaMessages;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ResultStatus;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.TinyModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line tools against the job with its Kafka edges, both in this process. */
class KafkaJobITCase {
  private static final String MODEL = "llama-gqa-a";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private static Path folder;
  private static KafkaBroker broker;
  private static KafkaJob job;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void startJob() throws Exception {
    broker = new KafkaBroker();
    job =
        KafkaJob.start(
            folder,
            new Stages(),
            List.of(
                "--model-path=" + TinyModels.directory(MODEL),
                "--backend=reference",
                "--pp-size=2",
                "--chunked-prefill-size=64",
                "--checkpoint-interval=200ms",
                "--bootstrap-servers=" + broker.bootstrapServers()));
  }

  @AfterAll
  static void stopJob() throws Exception {
    job.close();
    broker.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4})
  void askPrintsTheResultAsJson(int index) throws Exception {
    Goldens.Prompt prompt = Goldens.tiny(MODEL).get(index);
    int code = run("ask", "--json", "--top-logits=2", "--token-ids=" + ids(prompt));
    assertThat(code).as(err.toString()).isZero();
    PrefillResult result = JsonCodec.PREFILL_RESULT.decode(out.toString().strip());
    assertThat(result.getFirstTokenId()).isEqualTo(prompt.argmax());
    assertThat(result.getTopLogits()).hasSize(2);
    assertThat(out.toString().strip()).doesNotContain("\n");
  }

  @Test
  void askPrintsTheResultForAPerson() {
    Goldens.Prompt prompt = Goldens.tiny(MODEL).get(1);
    assertThat(run("ask", "--request-id=person", "--token-ids=" + ids(prompt))).isZero();
    assertThat(out.toString())
        .contains("first token  " + prompt.argmax())
        .contains("request_id   person")
        .contains("64 tokens, chunks [64] by fixed:64, stages 2")
        .contains("ttft ");
  }

  @Test
  void askReportsARefusedPrompt() {
    assertThat(run("ask", "--token-ids=1,99999")).isEqualTo(1);
    assertThat(err.toString()).startsWith("error: TOKEN_ID_OUT_OF_VOCABULARY: ");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void askGivesUpInTime() {
    assertThat(run("ask", "--timeout=1ms", "--token-ids=" + ids(Goldens.tiny(MODEL).get(4))))
        .isEqualTo(1);
    assertThat(err.toString()).contains("no result within --timeout=1ms");
  }

  @Test
  void askWantsOnePrompt() {
    assertThat(run("ask")).isEqualTo(2);
    assertThat(run("ask", "text", "--token-ids=1")).isEqualTo(2);
  }

  @Test
  void askSaysWhichTopicIsMissing() {
    assertThat(run("ask", "--token-ids=1", "--result-topic=nowhere")).isEqualTo(1);
    assertThat(err.toString()).contains("no such topic: nowhere");
  }

  @Test
  void aCancelledPromptSaysSo() throws Exception {
    String ids = "--token-ids=" + ids(Goldens.tiny(MODEL).get(4));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    PrefillResult result;
    int attempt = 0;
    do { // the cancel comes over another topic: a prompt may overtake it
      String id = "cancelled-" + attempt++;
      assertThat(run("cancel", id, "--reason=because")).isZero();
      out.getBuffer().setLength(0);
      assertThat(run("ask", "--json", "--request-id=" + id, ids)).as(err.toString()).isZero();
      result = JsonCodec.PREFILL_RESULT.decode(out.toString().strip());
    } while (result.getStatus() != ResultStatus.cancelled && System.nanoTime() < deadline);
    assertThat(result.getStatus()).isEqualTo(ResultStatus.cancelled);
    assertThat(result.getCancelReason()).isEqualTo("because");
    assertThat(result.getFirstTokenId()).isNull();
  }

  @Test
  void aPromptOfAMillionTokensIsRefusedWithItsBytes() throws Exception {
    byte[] value =
        AvroCodec.PROMPT.encode(
            Prompt.newBuilder()
                .setRequestId("million")
                .setTokenIds(Collections.nCopies(1_000_000, 500))
                .build());
    ConsumerRecord<byte[], byte[]> letter = refused("the key", value);
    assertThat(letter.key()).isEqualTo("the key".getBytes(UTF_8));
    assertThat(letter.value()).isEqualTo(value);
    assertThat(headers(letter))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "LONGER_THAN_CONTEXT")
        .containsEntry(DeadLetterHeaders.REQUEST_ID, "million")
        .containsEntry(DeadLetterHeaders.TOPIC, KafkaOptions.PROMPT_TOPIC)
        .containsEntry(DeadLetterHeaders.PARTITION, "0")
        .containsEntry(DeadLetterHeaders.STAGE, "ADMIT");
  }

  @Test
  void unreadableBytesAreKept() throws Exception {
    byte[] value = {1, 2, 3};
    ConsumerRecord<byte[], byte[]> letter = refused("k", value);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(headers(letter)).containsEntry(DeadLetterHeaders.REASON_CODE, "UNREADABLE_RECORD");
  }

  private static ConsumerRecord<byte[], byte[]> refused(String key, byte[] value) throws Exception {
    try (KafkaMessages messages =
        KafkaMessages.connect(KafkaClients.of(broker.bootstrapServers()))) {
      messages.listen(KafkaOptions.DEAD_LETTER_TOPIC);
      messages.send(KafkaOptions.PROMPT_TOPIC, key, value);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (System.nanoTime() < deadline) {
        for (ConsumerRecord<byte[], byte[]> letter : messages.poll(Duration.ofMillis(100))) {
          if (Arrays.equals(letter.key(), key.getBytes(UTF_8))) {
            return letter;
          }
        }
      }
      throw new AssertionError("no dead letter came");
    }
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    return Arrays.stream(record.headers().toArray())
        .collect(Collectors.toMap(h -> h.key(), h -> new String(h.value(), UTF_8)));
  }

  private int run(String command, String... args) {
    List<String> words = new ArrayList<>(List.of(command));
    words.add("--bootstrap-servers=" + broker.bootstrapServers());
    words.addAll(List.of(args));
    return Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words.toArray(String[]::new));
  }

  private static String ids(Goldens.Prompt prompt) {
    return Arrays.stream(prompt.ids()).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }
}
