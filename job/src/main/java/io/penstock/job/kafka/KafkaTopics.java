package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import io.penstock.operators.admit.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * The job's topics, looked at once, at submission: what is missing is created for records of {@link
 * KafkaClients#RECORD_BYTES}, with the broker's own number of partitions and replicas; what is
 * there is left alone, and checked.
 *
 * @param promptBytes largest record of the prompt topic
 * @param resultBytes largest record of the result topic
 * @param deadLetterBytes largest record of the dead-letter topic
 */
public record KafkaTopics(int promptBytes, int resultBytes, int deadLetterBytes) {
  private static final int TIMEOUT_MILLIS = 8_000;

  /** What a result or a dead letter may add to the prompt that it answers. */
  private static final int ANSWER_BYTES = 64 << 10;

  /**
   * What a byte of labels can become in JSON: of an entry with a name of two control characters and
   * no value, each is a backslash, u and four digits, and three more stand around it.
   */
  private static final int JSON_BYTES = 9;

  /**
   * @param clients how to reach Kafka
   * @param options where the topics are
   * @param warn takes sentences about topics that work, but not for the longest prompts
   * @return the topics, all there
   * @throws RefusedException if no broker answers within seconds, or a topic cannot do its part, or
   *     transactions are needed and cannot do theirs
   */
  public static KafkaTopics prepare(
      KafkaClients clients, KafkaOptions options, Consumer<String> warn) throws RefusedException {
    try (Admin admin = Admin.create(properties(clients))) {
      KafkaTopics topics = prepare(admin, options, warn);
      if (options.delivery() == Delivery.EXACTLY_ONCE) {
        KafkaTransactions.check(admin, options, warn);
      }
      return topics;
    } catch (ExecutionException | KafkaException e) {
      throw clients.refused(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted while asking Kafka for its topics", e);
    }
  }

  /**
   * Deletes topics, with all records in them.
   *
   * @param clients how to reach Kafka
   * @param prefix what their names begin with
   * @throws RefusedException if no broker answers within seconds, or one cannot be deleted
   */
  public static void delete(KafkaClients clients, String prefix) throws RefusedException {
    try (Admin admin = Admin.create(properties(clients))) {
      List<String> names =
          admin.listTopics().names().get().stream()
              .filter(name -> name.startsWith(prefix))
              .toList();
      admin.deleteTopics(names).all().get();
    } catch (ExecutionException | KafkaException e) {
      throw clients.refused(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted while deleting topics", e);
    }
  }

  private static Properties properties(KafkaClients clients) {
    Properties properties = clients.admin();
    properties.setProperty(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "" + TIMEOUT_MILLIS);
    properties.setProperty(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, "" + TIMEOUT_MILLIS / 2);
    return properties;
  }

  private static KafkaTopics prepare(Admin admin, KafkaOptions options, Consumer<String> warn)
      throws ExecutionException, InterruptedException, RefusedException {
    Map<String, Integer> wanted = new LinkedHashMap<>();
    wanted.put(options.promptTopic(), KafkaClients.RECORD_BYTES);
    wanted.put(options.resultTopic(), KafkaClients.RECORD_BYTES + ANSWER_BYTES);
    wanted.put(options.deadLetterTopic(), KafkaClients.RECORD_BYTES + ANSWER_BYTES);
    wanted.put(options.controlTopic(), ANSWER_BYTES);
    if (wanted.size() < 4) {
      throw new RefusedException(
          "--prompt-topic, --result-topic, --dead-letter-topic and --control-topic must differ: "
              + wanted.keySet());
    }
    Set<String> present = admin.listTopics().names().get();
    List<String> existing = new ArrayList<>();
    for (Map.Entry<String, Integer> topic : wanted.entrySet()) {
      if (present.contains(topic.getKey()) || !create(admin, topic.getKey(), topic.getValue())) {
        existing.add(topic.getKey());
      }
    }
    awaitVisible(admin, wanted.keySet());
    wanted.putAll(limits(admin, existing));
    KafkaTopics topics =
        new KafkaTopics(
            wanted.get(options.promptTopic()),
            wanted.get(options.resultTopic()),
            wanted.get(options.deadLetterTopic()));
    topics.check(options, warn);
    return topics;
  }

  /** Returns false if somebody else has created it in between. */
  private static boolean create(Admin admin, String name, int bytes)
      throws ExecutionException, InterruptedException {
    NewTopic topic = new NewTopic(name, Optional.empty(), Optional.empty());
    topic.configs(Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "" + bytes));
    try {
      admin.createTopics(List.of(topic)).all().get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return false;
      }
      throw e;
    }
  }

  /** A topic is there for its creator before the brokers tell others of it. */
  private static void awaitVisible(Admin admin, Set<String> topics)
      throws ExecutionException, InterruptedException, RefusedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS);
    while (!admin.listTopics().names().get().containsAll(topics)) {
      if (System.nanoTime() > deadline) {
        throw new RefusedException("topics were created and do not appear: " + topics);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static Map<String, Integer> limits(Admin admin, List<String> topics)
      throws ExecutionException, InterruptedException {
    List<ConfigResource> resources =
        topics.stream().map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic)).toList();
    Map<String, Integer> limits = new LinkedHashMap<>();
    for (Map.Entry<ConfigResource, Config> entry :
        admin.describeConfigs(resources).all().get().entrySet()) {
      String value = entry.getValue().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value();
      limits.put(entry.getKey().name(), Integer.parseInt(value));
    }
    return limits;
  }

  private void check(KafkaOptions options, Consumer<String> warn) throws RefusedException {
    int needed =
        switch (options.resultFormat()) {
          case AVRO -> Math.min(promptBytes, Labels.MAX_BYTES) + ANSWER_BYTES;
          case JSON -> JSON_BYTES * Math.min(promptBytes, Labels.MAX_BYTES) + 2 * ANSWER_BYTES;
        };
    if (resultBytes < needed) {
      throw new RefusedException(
          "topic "
              + options.resultTopic()
              + " takes smaller records than results with the largest metadata are:"
              + " max.message.bytes="
              + resultBytes
              + " < "
              + needed
              + "; raise it with kafka-configs, or take another --result-topic");
    }
    if (promptBytes < KafkaClients.RECORD_BYTES) {
      warn.accept(
          "topic "
              + options.promptTopic()
              + " takes no prompt of a million tokens: max.message.bytes="
              + promptBytes
              + ", recommended "
              + KafkaClients.RECORD_BYTES);
    }
    if (deadLetterBytes < promptBytes + ANSWER_BYTES) {
      warn.accept(
          "topic "
              + options.deadLetterTopic()
              + " does not take the largest prompts: max.message.bytes="
              + deadLetterBytes
              + ", recommended "
              + (promptBytes + ANSWER_BYTES)
              + "; a refused record that does not fit goes there without its value");
    }
  }
}
