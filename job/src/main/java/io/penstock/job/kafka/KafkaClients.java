package io.penstock.job.kafka;

import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Properties of the Kafka clients: sizes that let a prompt of a million tokens through. */
public final class KafkaClients {
  /** Largest record that topics are created for: a million tokens as text or ids take 3 to 8 MB. */
  public static final int RECORD_BYTES = 16 << 20;

  private static final int REQUEST_BYTES = 64 << 20;

  private KafkaClients() {}

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @return properties every client needs
   */
  static Properties common(String bootstrapServers) {
    Properties properties = new Properties();
    properties.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return properties;
  }

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @return of a producer that loses nothing once it has said so
   */
  public static Properties producer(String bootstrapServers) {
    Properties properties = common(bootstrapServers);
    properties.setProperty(ProducerConfig.ACKS_CONFIG, "all");
    properties.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
    properties.setProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, "" + REQUEST_BYTES);
    properties.setProperty(ProducerConfig.BUFFER_MEMORY_CONFIG, "" + REQUEST_BYTES);
    return properties;
  }

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @return of a consumer that fetches at least one whole record, however large, and never many
   *     large ones at once
   */
  public static Properties consumer(String bootstrapServers) {
    Properties properties = common(bootstrapServers);
    properties.setProperty(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, "" + RECORD_BYTES);
    properties.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    return properties;
  }
}
