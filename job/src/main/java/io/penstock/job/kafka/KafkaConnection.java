package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/**
 * The options that say how to reach Kafka, the same for the job and for the command line tools.
 * Filled by picocli.
 */
public final class KafkaConnection {
  /** Default of {@code --bootstrap-servers}. */
  public static final String BOOTSTRAP_SERVERS = "localhost:9092";

  @Option(
      names = "--bootstrap-servers",
      defaultValue = BOOTSTRAP_SERVERS,
      paramLabel = "HOST:PORT[,…]",
      description = "Kafka brokers to ask first.")
  private String bootstrapServers;

  @Option(
      names = "--kafka-properties",
      paramLabel = "FILE",
      description =
          "Properties of the Kafka clients, such as TLS and a login; docs/operations.md says which."
              + " Read once, by this command.")
  private Path kafkaProperties;

  /**
   * @return what makes clients, with the properties of the file read and checked
   * @throws RefusedException if the file cannot be read or holds what may not be set, or brokers
   *     want TLS of which nothing is said
   */
  public KafkaClients clients() throws RefusedException {
    KafkaClients clients =
        kafkaProperties == null
            ? KafkaClients.of(bootstrapServers)
            : KafkaClients.of(bootstrapServers, kafkaProperties);
    clients.checkTls();
    return clients;
  }
}
