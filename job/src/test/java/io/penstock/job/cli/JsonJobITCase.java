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
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job with {@code --prompt-format json}: what console producers, Python and our tools send. */
class JsonJobITCase {
  private static final Goldens.Prompt GOLDEN = Goldens.tiny(JobOnBroker.MODEL).get(0);

  @TempDir private static Path folder;
  private static JobOnBroker job;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void startJob() throws Exception {
    job = new JobOnBroker(folder, "--prompt-format=json");
  }

  @AfterAll
  static void stopJob() throws Exception {
    job.close();
  }

  @Test
  void aJsonPromptWithAKeyAndHeadersIsAnsweredInJsonWithItsTrace() throws Exception {
    ProducerRecord<byte[], byte[]> prompt =
        JobOnBroker.prompt(
            "the-key",
            ("{\"prompt\": [" + ids() + "], \"max_tokens\": 1, \"stream\": false}")
                .getBytes(UTF_8));
    prompt.headers().add("traceparent", "00-trace-01".getBytes(UTF_8));
    prompt.headers().add("content-type", "application/json".getBytes(UTF_8));
    prompt.headers().add("ce_id", "42".getBytes(UTF_8));
    ConsumerRecord<byte[], byte[]> answer =
        job.answer(prompt, KafkaOptions.RESULT_TOPIC, "the-key");
    PrefillResult result = JsonCodec.PREFILL_RESULT.decode(answer.value());
    assertThat(result.getRequestId()).isEqualTo("the-key");
    assertThat(result.getFirstTokenId()).isEqualTo(GOLDEN.argmax());
    assertThat(answer.headers().toArray())
        .extracting(header -> header.key() + "=" + new String(header.value(), UTF_8))
        .containsExactly("traceparent=00-trace-01", "ce_id=42");
  }

  @Test
  void whatIsNotSupportedIsADeadLetter() throws Exception {
    byte[] value = "{\"prompt\": \"x\", \"temperature\": 0.7}".getBytes(UTF_8);
    ConsumerRecord<byte[], byte[]> letter = job.refused("warm", value);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(JobOnBroker.headers(letter))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "UNSUPPORTED_FIELD")
        .containsEntry(
            DeadLetterHeaders.EXCEPTION_MESSAGE,
            "field is not supported: field=temperature supported=0");
  }

  @Test
  void anAvroPromptIsADeadLetterThatSaysSo() throws Exception {
    byte[] value =
        AvroCodec.PROMPT.encode(
            Prompt.newBuilder().setRequestId("a").setTokenIds(List.of(1)).build());
    assertThat(JobOnBroker.headers(job.refused("avro", value)))
        .containsEntry(DeadLetterHeaders.REASON_CODE, "UNREADABLE_RECORD")
        .hasEntrySatisfying(
            DeadLetterHeaders.EXCEPTION_MESSAGE,
            message -> assertThat(message).contains("--prompt-format avro"));
  }

  @Test
  void askPrintsTheResult() throws Exception {
    assertThat(run("ask", "--prompt-format=json", "--json", "--token-ids=" + ids()))
        .as(err.toString())
        .isZero();
    PrefillResult result = JsonCodec.PREFILL_RESULT.decode(out.toString().strip());
    assertThat(result.getFirstTokenId()).isEqualTo(GOLDEN.argmax());
  }

  @Test
  void aCancelMayBeJson() throws Exception {
    PrefillResult result;
    int attempt = 0;
    do { // the cancel comes over another topic: a prompt may overtake it
      String id = "cancelled-" + attempt++;
      ProducerRecord<byte[], byte[]> cancel =
          new ProducerRecord<>(
              KafkaOptions.CONTROL_TOPIC,
              ("{\"request_id\": \"" + id + "\", \"reason\": \"why not\"}").getBytes(UTF_8));
      job.send(cancel);
      byte[] prompt = ("{\"token_ids\": [" + ids() + "]}").getBytes(UTF_8);
      result =
          JsonCodec.PREFILL_RESULT.decode(
              job.answer(JobOnBroker.prompt(id, prompt), KafkaOptions.RESULT_TOPIC, id).value());
    } while (result.getStatus() != ResultStatus.cancelled && attempt < 100);
    assertThat(result.getStatus()).isEqualTo(ResultStatus.cancelled);
    assertThat(result.getCancelReason()).isEqualTo("why not");
  }

  @Test
  void thePythonExampleGetsTheFirstToken() throws Exception {
    String printed =
        PythonExample.run(
            "--bootstrap-servers", job.bootstrapServers(), "--format=json", "--token-ids", ids());
    assertThat(printed).contains("\"first_token_id\": " + GOLDEN.argmax() + ",");
  }

  private int run(String... words) {
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = "--bootstrap-servers=" + job.bootstrapServers();
    return Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all);
  }

  private static String ids() {
    return Arrays.stream(GOLDEN.ids()).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }
}
