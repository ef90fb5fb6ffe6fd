package io.penstock.job.cli;

import io.penstock.job.RefusedException;
import io.penstock.job.kafka.DeadLetterHeaders;
import io.penstock.job.kafka.KafkaConnection;
import io.penstock.job.kafka.KafkaMessages;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.ChatMessage;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.UnreadableRecordException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.flink.util.TimeUtils;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code penstock ask}: sends one prompt, waits, prints its first token. */
@Command(
    name = "ask",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = "Sends a prompt to the running job, waits for its result and prints it.")
final class Ask implements Callable<Integer> {
  private static final long POLL_NANOS = Duration.ofMillis(200).toNanos();

  /** Metadata of a prompt that tells its result from another's of the same request id. */
  private static final String NONCE = "ask";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Content content;

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Names the prompt. Default: a new one.")
  private String requestId;

  @Option(
      names = "--routing-key",
      paramLabel = "KEY",
      description = "Prompts of one key go to the same replica. Default: the request id.")
  private String routingKey;

  @Option(
      names = "--top-logits",
      defaultValue = "0",
      paramLabel = "N",
      description = "How many of the largest logits to return, 0 to 1000.")
  private int topLogits;

  @Option(
      names = "--timeout",
      defaultValue = "5min",
      paramLabel = "DURATION",
      description = "How long to wait for the result.")
  private Duration timeout;

  @Option(names = "--json", description = "Print the result record as one line of JSON.")
  private boolean json;

  @Mixin private KafkaConnection connection;

  @Option(
      names = "--prompt-topic",
      defaultValue = KafkaOptions.PROMPT_TOPIC,
      paramLabel = "TOPIC",
      description = "The job's prompt topic.")
  private String promptTopic;

  @Option(
      names = "--result-topic",
      defaultValue = KafkaOptions.RESULT_TOPIC,
      paramLabel = "TOPIC",
      description = "The job's result topic.")
  private String resultTopic;

  @Option(
      names = "--dead-letter-topic",
      defaultValue = KafkaOptions.DEAD_LETTER_TOPIC,
      paramLabel = "TOPIC",
      description = "The job's dead-letter topic.")
  private String deadLetterTopic;

  @Option(
      names = "--prompt-format",
      defaultValue = "avro",
      paramLabel = "FORMAT",
      description = "The job's --prompt-format: ${COMPLETION-CANDIDATES}.")
  private RecordFormat promptFormat;

  @Spec private CommandSpec spec;

  /** What the prompt is. */
  private static final class Content {
    @Parameters(paramLabel = "TEXT", description = "The prompt as text.")
    private String text;

    @Option(names = "--file", paramLabel = "FILE", description = "File with the prompt, UTF-8.")
    private Path file;

    @Option(
        names = "--user",
        paramLabel = "TEXT",
        description = "What a user says: a conversation of one message, for the chat template.")
    private String user;

    @Option(
        names = "--messages",
        paramLabel = "FILE",
        description =
            "JSON file with an array of messages, or with an object: messages, and if need be tools,"
                + " documents, add_generation_prompt, chat_template_kwargs.")
    private Path messages;

    @Option(
        names = "--token-ids",
        paramLabel = "ID[,ID…]",
        split = ",",
        description = "The prompt as token ids.")
    private List<Integer> tokenIds;
  }

  @Override
  public Integer call() throws RefusedException {
    if (requestId != null && requestId.isEmpty()) {
      throw new RefusedException("--request-id is empty; give one, or leave the option out");
    }
    Prompt prompt = prompt();
    try (KafkaMessages messages = KafkaMessages.connect(connection.clients())) {
      messages.listen(resultTopic, deadLetterTopic);
      byte[] record =
          switch (promptFormat) {
            case AVRO -> AvroCodec.PROMPT.encode(prompt);
            case JSON -> JsonCodec.PROMPT.encode(prompt);
          };
      RecordMetadata sent = messages.send(promptTopic, prompt.getRequestId(), record);
      InterruptNote note = new InterruptNote(prompt, spec.commandLine().getErr());
      try {
        print(await(messages, prompt, sent));
      } finally {
        note.close();
      }
    }
    return 0;
  }

  private Prompt prompt() throws RefusedException {
    String id = requestId == null ? "ask-" + UUID.randomUUID() : requestId;
    return content(id)
        .setRoutingKey(routingKey)
        .setTopLogits(topLogits)
        .setMetadata(Map.of(NONCE, UUID.randomUUID().toString()))
        .build();
  }

  private Prompt.Builder content(String id) throws RefusedException {
    if (content.messages != null) {
      return Prompt.newBuilder(MessagesFile.read(content.messages, id));
    }
    Prompt.Builder prompt = Prompt.newBuilder().setRequestId(id);
    if (content.user != null) {
      return prompt.setMessages(List.of(new ChatMessage("user", content.user, null)));
    }
    return prompt
        .setText(content.file == null ? content.text : read(content.file))
        .setTokenIds(content.tokenIds);
  }

  private static String read(Path file) throws RefusedException {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new RefusedException("cannot read --file=" + file + ": " + e, e);
    }
  }

  private PrefillResult await(KafkaMessages messages, Prompt prompt, RecordMetadata sent)
      throws RefusedException {
    String id = prompt.getRequestId();
    long deadline = System.nanoTime() + timeout.toNanos();
    byte[] idBytes = id.getBytes(StandardCharsets.UTF_8);
    for (long left = timeout.toNanos(); left > 0; left = deadline - System.nanoTime()) {
      Duration wait = Duration.ofNanos(Math.min(left, POLL_NANOS));
      for (ConsumerRecord<byte[], byte[]> record : messages.poll(wait)) {
        if (record.topic().equals(resultTopic) && Arrays.equals(idBytes, record.key())) {
          PrefillResult result = decode(record);
          if (prompt.getMetadata().equals(result.getMetadata())) {
            return result;
          }
        }
        if (record.topic().equals(deadLetterTopic)
            && sent.topic().equals(header(record, DeadLetterHeaders.TOPIC))
            && ("" + sent.partition()).equals(header(record, DeadLetterHeaders.PARTITION))
            && ("" + sent.offset()).equals(header(record, DeadLetterHeaders.OFFSET))) {
          throw new RefusedException(
              header(record, DeadLetterHeaders.REASON_CODE)
                  + ": "
                  + header(record, DeadLetterHeaders.EXCEPTION_MESSAGE));
        }
      }
    }
    throw new RefusedException(
        "no result within --timeout="
            + TimeUtils.formatWithHighestUnit(timeout).replace(" ", "")
            + " for request_id="
            + id
            + "; is the job running? See scripts/penstock status. With --delivery exactly-once results"
            + " are seen when a checkpoint is complete. The prompt stays with the job;"
            + " scripts/penstock cancel gives it up.");
  }

  private static PrefillResult decode(ConsumerRecord<byte[], byte[]> record)
      throws RefusedException {
    try {
      return switch (RecordFormat.of(record.value())) {
        case AVRO -> AvroCodec.PREFILL_RESULT.decode(record.value());
        case JSON -> JsonCodec.PREFILL_RESULT.decode(record.value());
      };
    } catch (UnreadableRecordException e) {
      throw new RefusedException("the result cannot be read: " + e.getMessage(), e);
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private void print(PrefillResult result) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? JsonCodec.PREFILL_RESULT.encodeToString(result) : ResultText.of(result));
    out.flush();
  }
}
