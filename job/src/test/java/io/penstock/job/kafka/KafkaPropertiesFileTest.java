package io.penstock.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.job.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaPropertiesFileTest {
  private static final String SECRET = "swordfish";
  private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
  private static final String LOGIN =
      "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=";

  @TempDir private Path folder;

  @Test
  void eachClientGetsWhatItKnows() throws Exception {
    KafkaClients clients =
        clients(
            LOGIN
                + PLAIN
                + " required username=\"u\" password=\"swordfish\";\n"
                + "ssl.truststore.location=/etc/kafka/trust.p12\n"
                + "compression.type=zstd\nmax.poll.records=7\nrequest.timeout.ms=1234\n");
    assertThat(clients.producer())
        .containsEntry("compression.type", "zstd")
        .containsEntry("acks", "all")
        .doesNotContainKey("max.poll.records");
    assertThat(clients.consumer())
        .containsEntry("max.poll.records", "7")
        .containsEntry("isolation.level", "read_committed")
        .doesNotContainKey("compression.type");
    for (Properties client :
        new Properties[] {clients.producer(), clients.consumer(), clients.admin()}) {
      assertThat(client)
          .containsEntry("bootstrap.servers", "broker:1")
          .containsEntry("request.timeout.ms", "1234")
          .containsEntry("ssl.truststore.location", "/etc/kafka/trust.p12");
      assertThat(client.getProperty("sasl.jaas.config")).contains(SECRET);
    }
    assertThat(clients.toString()).contains("broker:1", "client.properties").doesNotContain(SECRET);
  }

  @ParameterizedTest
  @CsvSource({
    "bootstrap.servers,--bootstrap-servers",
    "group.id,--consumer-group",
    "transactional.id,--transactional-id-prefix",
    "transaction.timeout.ms,--transaction-timeout",
    "client.id,clients of one id",
    "acks,the job answers for its delivery",
    "enable.idempotence,the job answers for its delivery",
    "isolation.level,the job answers for its delivery",
    "auto.offset.reset,the job answers for its offsets",
    "key.deserializer,loads classes by name",
    "value.serializer,loads classes by name",
    "interceptor.classes,loads classes by name",
    "metric.reporters,loads classes by name",
    "partitioner.class,loads classes by name",
    "partition.assignment.strategy,not among the properties",
    "config.providers,loads classes by name",
    "config.providers.file.class,loads classes by name",
    "security.providers,loads classes by name",
    "ssl.engine.factory.class,loads classes by name",
    "sasl.client.callback.handler.class,loads classes by name",
    "sasl.login.callback.handler.class,loads classes by name",
    "sasl.login.class,loads classes by name",
    "sasl.oauthbearer.token.endpoint.url,not among the properties",
    "Ssl.Truststore.Location,not among the properties",
    "no.such.thing,not among the properties"
  })
  void whatMayNotBeSetIsNamedWithTheReason(String name, String reason) {
    assertThatThrownBy(() -> clients(name + "=" + SECRET))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("client.properties: " + name + " ")
        .hasMessageContaining(reason)
        .hasMessageNotContaining(SECRET);
  }

  /** CVE-2023-25194: a login module is code that the client runs. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.sun.security.auth.module.JndiLoginModule required user.provider.url=\"swordfish\";",
        "com.sun.security.auth.module.Krb5LoginModule required keyTab=\"swordfish\";",
        "com.sun.security.auth.module.LdapLoginModule required userProvider=\"swordfish\";",
        PLAIN + " required password=\"swordfish\"; x.OtherModule required;",
        PLAIN + ".Other required password=\"swordfish\";",
        PLAIN + " required username=\"u\" password=\"swordfish\"",
        PLAIN + " required username=\"u\" password=sword fish swordfish;",
        "swordfish",
        ""
      })
  void aLoginIsAPasswordAndNothingElse(String login) {
    RefusedException refused =
        catchThrowableOfType(RefusedException.class, () -> clients(LOGIN + login));
    assertThat(refused)
        .hasMessageContaining("sasl.jaas.config must read MODULE required")
        .hasMessageContaining("PlainLoginModule")
        .hasMessageContaining("ScramLoginModule")
        .hasMessageNotContaining(SECRET)
        .hasNoCause();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "security.protocol=TLS|security.protocol must be one of",
        "security.protocol=SASL_SSL|needs sasl.mechanism and sasl.jaas.config",
        "sasl.mechanism=GSSAPI|sasl.mechanism must be one of",
        "sasl.mechanism=PLAIN|sasl.mechanism has no effect with security.protocol=PLAINTEXT",
        "ssl.truststore.password=x|has no effect with security.protocol=PLAINTEXT",
        "ssl.truststore.location=trust.p12|must be an absolute path, the same on every machine",
        "max.request.size=1000000|has no room for the largest records",
        "buffer.memory=many|must be a number of bytes",
        "linger.ms=soon|linger.ms",
        "max.poll.records=none|max.poll.records",
        "retries=0|retries",
        "ssl.protocol=\\u00zz|malformed"
      })
  void whatCannotWorkIsFoundBeforeTheJobRuns(String line, String expected) {
    assertThatThrownBy(() -> clients(line))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--kafka-properties=")
        .hasMessageContaining(expected);
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = folder.resolve("missing.properties");
    assertThatThrownBy(() -> KafkaClients.of("broker:1", missing))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("cannot read --kafka-properties=" + missing);
  }

  private KafkaClients clients(String text) throws IOException, RefusedException {
    Path file = Files.writeString(folder.resolve("client.properties"), text);
    return KafkaClients.of("broker:1", file);
  }
}
