package io.penstock.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.job.Commands;
import io.penstock.job.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class KafkaTopicsITCase {
  private static final int ANSWER_BYTES = KafkaClients.RECORD_BYTES + (64 << 10);

  private static KafkaBroker broker;

  private final List<String> warnings = new ArrayList<>();

  @BeforeAll
  static void startBroker() throws Exception {
    broker = new KafkaBroker();
  }

  @AfterAll
  static void stopBroker() throws Exception {
    broker.close();
  }

  @Test
  void missingTopicsAreCreatedForTheLongestPrompts() throws Exception {
    KafkaTopics created = prepare(options("new"));
    assertThat(created)
        .isEqualTo(new KafkaTopics(KafkaClients.RECORD_BYTES, ANSWER_BYTES, ANSWER_BYTES));
    try (Admin admin = broker.admin()) {
      assertThat(admin.listTopics().names().get())
          .contains("new-prompts", "new-results", "new-dead", "new-control");
    }
    assertThat(prepare(options("new"))).isEqualTo(created);
    assertThat(warnings).isEmpty();
  }

  @Test
  void smallerTopicsAreLeftAloneWithAWarning() throws Exception {
    create("small-prompts", 1_000_000);
    create("small-dead", 1_000_000);
    KafkaTopics topics = prepare(options("small"));
    assertThat(topics).isEqualTo(new KafkaTopics(1_000_000, ANSWER_BYTES, 1_000_000));
    assertThat(warnings)
        .hasSize(2)
        .anyMatch(w -> w.contains("small-prompts") && w.contains("max.message.bytes=1000000"))
        .anyMatch(w -> w.contains("small-dead") && w.contains("without its value"));
  }

  @Test
  void aResultTopicSmallerThanTheLargestResultIsRefused() throws Exception {
    create("tiny-results", 131_071);
    assertThatThrownBy(() -> prepare(options("tiny")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("tiny-results")
        .hasMessageContaining("max.message.bytes=131071 < 131072")
        .hasMessageContaining("--result-topic");
  }

  @Test
  void oneTopicForTwoThingsIsRefused() {
    KafkaOptions options = new KafkaOptions();
    Commands.of(options)
        .parseArgs(
            "--bootstrap-servers=" + broker.bootstrapServers(),
            "--prompt-topic=same",
            "--result-topic=same");
    assertThatThrownBy(() -> prepare(options))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("must differ");
  }

  @Test
  @Timeout(30)
  void aBrokerThatDoesNotAnswerIsRefusedWithinSeconds() {
    KafkaOptions options = new KafkaOptions();
    Commands.of(options).parseArgs("--bootstrap-servers=127.0.0.1:1");
    assertThatThrownBy(() -> prepare(options))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--bootstrap-servers=127.0.0.1:1");
    for (String nonsense : List.of("nonsense", "localhost:99999", "localhost:99999999999")) {
      KafkaOptions wrong = new KafkaOptions();
      Commands.of(wrong).parseArgs("--bootstrap-servers=" + nonsense);
      assertThatThrownBy(() -> prepare(wrong))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining(nonsense);
    }
  }

  private static void create(String name, int bytes) throws Exception {
    try (Admin admin = broker.admin()) {
      NewTopic topic = new NewTopic(name, 1, (short) 1);
      topic.configs(Map.of("max.message.bytes", "" + bytes));
      admin.createTopics(List.of(topic)).all().get();
    }
  }

  private static KafkaOptions options(String prefix) {
    KafkaOptions options = new KafkaOptions();
    Commands.of(options)
        .parseArgs(
            "--bootstrap-servers=" + broker.bootstrapServers(),
            "--prompt-topic=" + prefix + "-prompts",
            "--result-topic=" + prefix + "-results",
            "--dead-letter-topic=" + prefix + "-dead",
            "--control-topic=" + prefix + "-control");
    return options;
  }

  private KafkaTopics prepare(KafkaOptions options) throws RefusedException {
    return KafkaTopics.prepare(options.connection().clients(), options, warnings::add);
  }
}
