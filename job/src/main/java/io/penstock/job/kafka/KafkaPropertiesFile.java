package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads {@code --kafka-properties}: a Java properties file, UTF-8. Messages hold the names of
 * properties, and values only of those that are no secrets.
 */
final class KafkaPropertiesFile {
  private KafkaPropertiesFile() {}

  /**
   * @param file the file
   * @return names and values, each of which may be set
   * @throws RefusedException if the file cannot be read or a property may not be set
   */
  static Map<String, String> read(Path file) throws RefusedException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException e) {
      throw new RefusedException("cannot read --kafka-properties=" + file + ": " + e, e);
    } catch (IllegalArgumentException e) { // its message may quote the line
      throw new RefusedException(
          "--kafka-properties=" + file + " holds a malformed \\uXXXX; write a backslash as \\\\");
    }
    Map<String, String> read = new TreeMap<>();
    for (String name : properties.stringPropertyNames()) {
      String value = properties.getProperty(name).strip();
      String wrong = KafkaPropertyRules.wrong(name, value);
      if (wrong != null) {
        throw new RefusedException("--kafka-properties=" + file + ": " + name + " " + wrong);
      }
      read.put(name, value);
    }
    checkProtocol(file, read);
    return read;
  }

  /** Left out, the protocol is PLAINTEXT, and the rest of the file would be for nothing. */
  private static void checkProtocol(Path file, Map<String, String> read) throws RefusedException {
    String protocol = read.getOrDefault("security.protocol", "PLAINTEXT");
    for (String name : read.keySet()) {
      if ((name.startsWith("sasl.") && !protocol.startsWith("SASL_"))
          || (name.startsWith("ssl.") && !protocol.endsWith("SSL"))) {
        throw new RefusedException(
            "--kafka-properties="
                + file
                + ": "
                + name
                + " has no effect with security.protocol="
                + protocol);
      }
    }
    if (protocol.startsWith("SASL_")
        && !read.keySet().containsAll(Set.of("sasl.mechanism", "sasl.jaas.config"))) {
      throw new RefusedException(
          "--kafka-properties="
              + file
              + ": security.protocol="
              + protocol
              + " needs sasl.mechanism and sasl.jaas.config");
    }
  }
}
