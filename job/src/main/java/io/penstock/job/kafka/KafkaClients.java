package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Properties of all Kafka clients: where the brokers are, sizes that let a prompt of a million
 * tokens through, and what the user's file adds. Travels inside the serialized job.
 */
public final class KafkaClients implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Largest record that topics are created for: a million tokens as text or ids take 3 to 8 MB. */
  public static final int RECORD_BYTES = 16 << 20;

  private static final int REQUEST_BYTES = 64 << 20;

  private final String bootstrapServers;

  /** May hold secrets: not for any message. */
  private final TreeMap<String, String> properties;

  /** For messages; null if there is none. */
  private final String file;

  private KafkaClients(String bootstrapServers, Map<String, String> properties, String file) {
    this.bootstrapServers = bootstrapServers;
    this.properties = new TreeMap<>(properties);
    this.file = file;
  }

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @return of brokers that ask neither for TLS nor for a login
   */
  public static KafkaClients of(String bootstrapServers) {
    return new KafkaClients(bootstrapServers, Map.of(), null);
  }

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @param file {@code --kafka-properties}
   * @return with the properties of that file
   * @throws RefusedException if the file cannot be read or holds what may not be set
   */
  public static KafkaClients of(String bootstrapServers, Path file) throws RefusedException {
    Map<String, String> properties = KafkaPropertiesFile.read(file);
    KafkaClients clients = new KafkaClients(bootstrapServers, properties, file.toString());
    clients.checkTypes();
    return clients;
  }

  /** The running job must not be the first to find a number misspelt. */
  private void checkTypes() throws RefusedException {
    Properties sending = producer();
    sending.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    sending.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    Properties receiving = consumer();
    receiving.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    receiving.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    try {
      new ProducerConfig(sending);
      new ConsumerConfig(receiving);
      new AdminClientConfig(admin());
    } catch (KafkaException e) { // Kafka leaves passwords out of its messages
      throw new RefusedException("--kafka-properties=" + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Asks a broker.
   *
   * @throws RefusedException if it wants TLS, and the properties do not say so
   */
  void checkTls() throws RefusedException {
    if (properties.getOrDefault("security.protocol", "PLAINTEXT").endsWith("SSL")) {
      return;
    }
    String address = TlsProbe.firstThatWantsTls(bootstrapServers);
    if (address != null) {
      throw new RefusedException(
          "the broker at "
              + address
              + " wants TLS: say how with security.protocol and its fellows in the file of"
              + " --kafka-properties"
              + (file == null ? " FILE" : "=" + file));
    }
  }

  /**
   * @return of a producer that loses nothing once it has said so
   */
  public Properties producer() {
    Properties producer = new Properties();
    producer.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
    producer.setProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, "" + REQUEST_BYTES);
    producer.setProperty(ProducerConfig.BUFFER_MEMORY_CONFIG, "" + REQUEST_BYTES);
    add(producer, ProducerConfig.configNames());
    producer.setProperty(ProducerConfig.ACKS_CONFIG, "all");
    producer.setProperty(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    return producer;
  }

  /**
   * @return of a consumer that fetches at least one whole record, however large, and never many
   *     large ones at once; what a transaction has not committed it does not see
   */
  public Properties consumer() {
    Properties consumer = new Properties();
    consumer.setProperty(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, "" + RECORD_BYTES);
    add(consumer, ConsumerConfig.configNames());
    consumer.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    consumer.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    return consumer;
  }

  /**
   * @return of a client that asks about brokers and topics
   */
  Properties admin() {
    Properties admin = new Properties();
    add(admin, AdminClientConfig.configNames());
    return admin;
  }

  /** Each client gets what it knows: others would be warned about. */
  private void add(Properties client, Set<String> known) {
    properties.forEach(
        (name, value) -> {
          if (known.contains(name)) {
            client.setProperty(name, value);
          }
        });
    client.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
  }

  /**
   * @param cause what a client threw
   * @return says what Kafka said, with the address, and what may help
   */
  RefusedException refused(Throwable cause) {
    Throwable deepest = cause;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return new RefusedException(
        "Kafka does not answer as needed: "
            + this
            + ": "
            + deepest.getClass().getSimpleName()
            + ": "
            + deepest.getMessage()
            + hint(deepest),
        cause);
  }

  private String hint(Throwable deepest) {
    if (deepest instanceof AuthenticationException) {
      return file == null ? "" : "; the login is in sasl.jaas.config of that file";
    }
    return file == null
        ? "; if these brokers ask for TLS or a login, say how with --kafka-properties FILE"
        : "";
  }

  /** The options, without what the file holds. */
  @Override
  public String toString() {
    return "--bootstrap-servers="
        + bootstrapServers
        + (file == null ? "" : " --kafka-properties=" + file);
  }
}
