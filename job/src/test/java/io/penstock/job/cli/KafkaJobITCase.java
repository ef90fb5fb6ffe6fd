package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.DeadLetterHeaders;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ResultStatus;
import io.penstock.udf.model.Goldens;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
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
  private static final String MODEL = JobOnBroker.MODEL;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private static Path folder;
  private static JobOnBroker job;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void startJob() throws Exception {
    job = new JobOnBroker(folder);
  }

  @AfterAll
  static void stopJob() throws Exception {
    job.close();
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
    ConsumerRecord<byte[], byte[]> letter = job.refused("the key", value);
    assertThat(letter.key()).isEqualTo("the key".getBytes(UTF_8));
    assertThat(letter.value()).isEqualTo(value);
    assertThat(JobOnBroker.headers(letter))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "LONGER_THAN_CONTEXT")
        .containsEntry(DeadLetterHeaders.REQUEST_ID, "million")
        .containsEntry(DeadLetterHeaders.TOPIC, KafkaOptions.PROMPT_TOPIC)
        .containsEntry(DeadLetterHeaders.PARTITION, "0")
        .containsEntry(DeadLetterHeaders.STAGE, "ADMIT");
  }

  @Test
  void unreadableBytesAreKept() throws Exception {
    byte[] value = {1, 2, 3};
    ConsumerRecord<byte[], byte[]> letter = job.refused("k", value);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(JobOnBroker.headers(letter))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "UNREADABLE_RECORD");
  }

  @Test
  void anUnknownFingerprintIsADeadLetterUnderThatName() throws Exception {
    byte[] value =
        AvroCodec.PROMPT.encode(
            Prompt.newBuilder().setRequestId("new").setTokenIds(List.of(1)).build());
    value[9] ^= 1; // the highest byte of the fingerprint
    ConsumerRecord<byte[], byte[]> letter = job.refused("newer", value);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(JobOnBroker.headers(letter))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "UNKNOWN_SCHEMA")
        .hasEntrySatisfying(
            DeadLetterHeaders.EXCEPTION_MESSAGE,
            message -> assertThat(message).contains("fingerprint 2ffd7a4596ecbf0e"));
  }

  /** Bytes of a producer with the schema's first version: {"v1", token_ids [1, 2, 3]}. */
  @Test
  void promptsOfTheFirstSchemaVersionAreAnswered() throws Exception {
    byte[] value =
        HexFormat.of().parseHex("c3012b432b181543689c" + "047631" + "00000206020406000200" + "00");
    ConsumerRecord<byte[], byte[]> answer =
        job.answer(JobOnBroker.prompt("k", value), KafkaOptions.RESULT_TOPIC, "v1");
    PrefillResult result = AvroCodec.PREFILL_RESULT.decode(answer.value());
    assertThat(result.getStatus()).isEqualTo(ResultStatus.ok);
    assertThat(result.getPromptTokens()).isEqualTo(3);
  }

  @Test
  void thePythonExampleGetsTheFirstToken() throws Exception {
    Goldens.Prompt prompt = Goldens.tiny(MODEL).get(0);
    String printed =
        PythonExample.run(
            "--bootstrap-servers",
            job.bootstrapServers(),
            "--format=avro",
            "--token-ids",
            ids(prompt));
    assertThat(printed).contains("\"first_token_id\": " + prompt.argmax() + ",");
  }

  private int run(String command, String... args) {
    List<String> words = new ArrayList<>(List.of(command));
    words.add("--bootstrap-servers=" + job.bootstrapServers());
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
