package io.penstock.job.kafka;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A broker inside this process that takes nothing but TLS with a password. Its certificate is made
 * when it starts, by the JDK's keytool.
 */
public final class SecureKafkaBroker {
  private static final String STORE_PASSWORD = "store-password";
  private static final String USER = "penstock";
  private static final String MODULE =
      "org.apache.kafka.common.security.plain.PlainLoginModule required";

  private final Path folder;
  private final Path trust;
  private final KafkaBroker broker;

  /**
   * Starts it; returns when it answers.
   *
   * @param folder for certificates and client properties
   * @param password of the one user
   */
  public SecureKafkaBroker(Path folder, String password) throws Exception {
    this.folder = folder;
    Path keys = folder.resolve("broker.p12");
    Path certificate = folder.resolve("broker.pem");
    trust = folder.resolve("trust.p12");
    keytool(
        keys,
        "-genkeypair -keyalg EC -groupname secp256r1 -validity 2 -dname CN=localhost"
            + " -ext san=dns:localhost,ip:127.0.0.1");
    keytool(keys, "-exportcert -rfc -file " + certificate);
    keytool(trust, "-importcert -noprompt -file " + certificate);
    String login =
        "%s username=\"broker\" password=\"b\" user_broker=\"b\" user_%s=\"%s\";"
            .formatted(MODULE, USER, password);
    broker =
        new KafkaBroker(
            Map.of(
                "listener.security.protocol.map",
                "EXTERNAL:SASL_SSL,CONTROLLER:PLAINTEXT",
                "ssl.keystore.location",
                keys.toString(),
                "ssl.keystore.password",
                STORE_PASSWORD,
                "ssl.truststore.location",
                trust.toString(),
                "ssl.truststore.password",
                STORE_PASSWORD,
                "sasl.enabled.mechanisms",
                "PLAIN",
                "sasl.mechanism.inter.broker.protocol",
                "PLAIN",
                "listener.name.external.plain.sasl.jaas.config",
                login));
  }

  private static void keytool(Path store, String arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                STORE_PASSWORD,
                "-alias",
                "broker"));
    command.addAll(List.of(arguments.split(" ", -1)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
      throw new IOException("keytool " + arguments + ": " + said);
    }
  }

  /** Host and port. */
  public String bootstrapServers() {
    return broker.bootstrapServers();
  }

  /**
   * Writes a file for {@code --kafka-properties}.
   *
   * @param name of the file
   * @param password to log in with
   * @return the file
   */
  public Path clientProperties(String name, String password) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        """
        security.protocol=SASL_SSL
        sasl.mechanism=PLAIN
        sasl.jaas.config=%s username="%s" password="%s";
        ssl.truststore.location=%s
        ssl.truststore.password=%s
        """
            .formatted(MODULE, USER, password, trust, STORE_PASSWORD));
  }

  /** Stops it and removes its files. */
  public void close() throws Exception {
    broker.close();
  }
}
