package io.penstock.job.kafka;

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
}
