package io.penstock.job.kafka;

import io.penstock.operators.admit.RecordFormat;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say where on Kafka the job reads and writes. Filled by picocli. */
public final class KafkaOptions {
  /** Default of {@code --prompt-topic}. */
  public static final String PROMPT_TOPIC = "penstock-prompts";

  /** Default of {@code --result-topic}. */
  public static final String RESULT_TOPIC = "penstock-results";

  /** Default of {@code --dead-letter-topic}. */
  public static final String DEAD_LETTER_TOPIC = "penstock-dead-letters";

  /** Default of {@code --control-topic}. */
  public static final String CONTROL_TOPIC = "penstock-control";

  @Mixin private KafkaConnection connection;

  @Option(
      names = "--prompt-topic",
      defaultValue = PROMPT_TOPIC,
      paramLabel = "TOPIC",
      description = "Topic that prompts are read from.")
  private String promptTopic;

  @Option(
      names = "--result-topic",
      defaultValue = RESULT_TOPIC,
      paramLabel = "TOPIC",
      description = "Topic that results are written to; the record's key is the request_id.")
  private String resultTopic;

  @Option(
      names = "--dead-letter-topic",
      defaultValue = DEAD_LETTER_TOPIC,
      paramLabel = "TOPIC",
      description = "Topic for records that could not become prompts, with the reason in headers.")
  private String deadLetterTopic;

  @Option(
      names = "--control-topic",
      defaultValue = CONTROL_TOPIC,
      paramLabel = "TOPIC",
      description = "Topic that cancels are read from.")
  private String controlTopic;

  @Option(
      names = "--consumer-group",
      defaultValue = "penstock",
      paramLabel = "GROUP",
      description =
          "Consumer group under which read prompts are committed at checkpoints; a job that starts"
              + " without a savepoint goes on from there, or from the earliest prompt.")
  private String consumerGroup;

  @Option(
      names = "--prompt-format",
      defaultValue = "avro",
      paramLabel = "FORMAT",
      description =
          "How prompts are written: ${COMPLETION-CANDIDATES}. avro is Avro's single-object encoding; json"
              + " takes OpenAI's field names too. See docs/records.md.")
  private RecordFormat promptFormat;

  @Option(
      names = "--result-format",
      paramLabel = "FORMAT",
      description =
          "How results are written: ${COMPLETION-CANDIDATES}. Default: as the prompts are.")
  private RecordFormat resultFormat;

  @Option(
      names = "--delivery",
      defaultValue = "at-least-once",
      paramLabel = "GUARANTEE",
      description =
          "How often an answer may be seen: ${COMPLETION-CANDIDATES}. at-least-once: at once, and after"
              + " a failure perhaps again. exactly-once: when a checkpoint is complete, by readers with"
              + " isolation.level=read_committed.")
  private Delivery delivery;

  @Option(
      names = "--transaction-timeout",
      defaultValue = "15min",
      paramLabel = "DURATION",
      description =
          "exactly-once: after so long Kafka gives up a transaction, and the answers in it are lost."
              + " Checkpoints get two thirds of it, an outage one third. At most the brokers'"
              + " transaction.max.timeout.ms.")
  private Duration transactionTimeout;

  @Option(
      names = "--transactional-id-prefix",
      paramLabel = "PREFIX",
      description =
          "exactly-once: names the job's transactions. Keep it for as long as the job lives; two"
              + " jobs with the same one end each other's transactions. Default: --consumer-group.")
  private String transactionalIdPrefix;

  /**
   * @return {@code --prompt-format}
   */
  public RecordFormat promptFormat() {
    return promptFormat;
  }

  /**
   * @return {@code --result-format}, or the prompts' format without it
   */
  public RecordFormat resultFormat() {
    return resultFormat == null ? promptFormat : resultFormat;
  }

  /**
   * @return how to reach Kafka
   */
  public KafkaConnection connection() {
    return connection;
  }

  /**
   * @return {@code --prompt-topic}
   */
  public String promptTopic() {
    return promptTopic;
  }

  /**
   * @return {@code --result-topic}
   */
  public String resultTopic() {
    return resultTopic;
  }

  /**
   * @return {@code --dead-letter-topic}
   */
  public String deadLetterTopic() {
    return deadLetterTopic;
  }

  /**
   * @return {@code --control-topic}
   */
  public String controlTopic() {
    return controlTopic;
  }

  /**
   * @return {@code --consumer-group}
   */
  public String consumerGroup() {
    return consumerGroup;
  }

  /**
   * @return {@code --delivery}
   */
  public Delivery delivery() {
    return delivery;
  }

  /**
   * @return {@code --transaction-timeout}
   */
  public Duration transactionTimeout() {
    return transactionTimeout;
  }

  /**
   * @return {@code --transactional-id-prefix}, or what stands in for it
   */
  public String transactionalIdPrefix() {
    return transactionalIdPrefix == null ? consumerGroup : transactionalIdPrefix;
  }
}
