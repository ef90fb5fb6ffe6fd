package io.penstock.job.kafka;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.common.security.plain.PlainLoginModule;
import org.apache.kafka.common.security.scram.ScramLoginModule;

/**
 * Which properties of Kafka's clients a user may set: a list of what may be, since any name of a
 * class among them is code that runs on every machine of the cluster (CVE-2023-25194). Pure.
 */
final class KafkaPropertyRules {
  /** Any value; Kafka itself checks it. */
  private static final Set<String> FREE =
      Set.of(
          "ssl.cipher.suites",
          "ssl.enabled.protocols",
          "ssl.endpoint.identification.algorithm",
          "ssl.key.password",
          "ssl.keystore.certificate.chain",
          "ssl.keystore.key",
          "ssl.keystore.password",
          "ssl.keystore.type",
          "ssl.protocol",
          "ssl.truststore.certificates",
          "ssl.truststore.password",
          "ssl.truststore.type",
          "client.dns.lookup",
          "client.rack",
          "connections.max.idle.ms",
          "default.api.timeout.ms",
          "delivery.timeout.ms",
          "max.block.ms",
          "metadata.max.age.ms",
          "receive.buffer.bytes",
          "reconnect.backoff.max.ms",
          "reconnect.backoff.ms",
          "request.timeout.ms",
          "retries",
          "retry.backoff.max.ms",
          "retry.backoff.ms",
          "send.buffer.bytes",
          "socket.connection.setup.timeout.max.ms",
          "socket.connection.setup.timeout.ms",
          "batch.size",
          "compression.gzip.level",
          "compression.lz4.level",
          "compression.type",
          "compression.zstd.level",
          "linger.ms",
          "fetch.max.bytes",
          "fetch.max.wait.ms",
          "fetch.min.bytes",
          "max.partition.fetch.bytes",
          "max.poll.records");

  /** One of these values. */
  private static final Map<String, List<String>> CHOICES =
      Map.of(
          "security.protocol", List.of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
          "sasl.mechanism", List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"));

  /** Files on every machine of the cluster. */
  private static final Set<String> FILES =
      Set.of("ssl.keystore.location", "ssl.truststore.location");

  /** Room for a record, in bytes: less would end the job at the first large one. */
  private static final Set<String> ROOM = Set.of("max.request.size", "buffer.memory");

  private static final long LEAST_ROOM_BYTES = KafkaClients.RECORD_BYTES + (1L << 20);

  private static final List<String> LOGIN_MODULES =
      List.of(PlainLoginModule.class.getName(), ScramLoginModule.class.getName());

  private static final String LOGIN_FORM =
      "must read MODULE required username=\"…\" password=\"…\"; with MODULE one of "
          + LOGIN_MODULES;

  /** What is refused and has an option, or a reason of its own. */
  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("bootstrap.servers", "has an option: --bootstrap-servers"),
          Map.entry("group.id", "has an option: --consumer-group"),
          Map.entry("transactional.id", "has an option: --transactional-id-prefix"),
          Map.entry("transaction.timeout.ms", "has an option: --transaction-timeout"),
          Map.entry("client.id", "may not be set: clients of one id get in each other's way"),
          Map.entry("acks", ofTheJob("delivery")),
          Map.entry("enable.idempotence", ofTheJob("delivery")),
          Map.entry("isolation.level", ofTheJob("delivery")),
          Map.entry("auto.offset.reset", ofTheJob("offsets")),
          Map.entry("enable.auto.commit", ofTheJob("offsets")),
          Map.entry("config.providers", "may not be set: it loads classes by name"));

  private KafkaPropertyRules() {}

  private static String ofTheJob(String what) {
    return "may not be set: the job answers for its " + what;
  }

  /**
   * @param name of a property
   * @param value of it
   * @return what is wrong, as the end of a sentence that begins with the name; null if nothing is
   */
  static String wrong(String name, String value) {
    if (FREE.contains(name)) {
      return null;
    }
    if (CHOICES.containsKey(name)) {
      List<String> choices = CHOICES.get(name);
      return choices.contains(value) ? null : "must be one of " + choices + ", not " + value;
    }
    if (FILES.contains(name)) {
      return value.startsWith("/")
          ? null
          : "must be an absolute path, the same on every machine, not " + value;
    }
    if (ROOM.contains(name)) {
      return wrongRoom(value);
    }
    if (name.equals(SaslConfigs.SASL_JAAS_CONFIG)) {
      return wrongLogin(value);
    }
    return refused(name);
  }

  private static String wrongRoom(String value) {
    try {
      return Long.parseLong(value) >= LEAST_ROOM_BYTES
          ? null
          : "=" + value + " has no room for the largest records; at least " + LEAST_ROOM_BYTES;
    } catch (NumberFormatException e) {
      return "must be a number of bytes, not " + value;
    }
  }

  /** Kafka's own parser reads it, so that what is checked is what will be used. */
  private static String wrongLogin(String value) {
    try {
      Map<String, Password> config = Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(value));
      for (AppConfigurationEntry login :
          JaasContext.loadClientContext(config).configurationEntries()) {
        if (!LOGIN_MODULES.contains(login.getLoginModuleName())) {
          return LOGIN_FORM;
        }
      }
      return null;
    } catch (RuntimeException e) { // its message may quote parts of the password
      return LOGIN_FORM;
    }
  }

  private static String refused(String name) {
    if (REFUSED.containsKey(name)) {
      return REFUSED.get(name);
    }
    String lower = name.toLowerCase(Locale.ROOT);
    boolean loads =
        List.of("class", "serializer", "provider", "reporter", "interceptor", "assignor").stream()
            .anyMatch(lower::contains);
    return loads
        ? "may not be set: it loads classes by name"
        : "is not among the properties that may be set; docs/operations.md lists them";
  }
}
