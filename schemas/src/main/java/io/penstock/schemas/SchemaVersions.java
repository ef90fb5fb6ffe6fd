package io.penstock.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.message.SchemaStore;

/**
 * Every version of one schema that this build can read: those kept in {@code versions/}, numbered
 * from 1 without gaps, and today's. Immutable.
 */
final class SchemaVersions implements SchemaStore {
  private final List<Schema> released;
  private final Map<Long, Schema> byFingerprint;

  /**
   * @param current today's schema
   */
  SchemaVersions(Schema current) {
    this.released = released(current.getName());
    this.byFingerprint =
        Stream.concat(released.stream(), Stream.of(current))
            .collect(
                Collectors.toUnmodifiableMap(
                    SchemaNormalization::parsingFingerprint64,
                    Function.identity(),
                    (older, newer) -> newer));
  }

  /**
   * @param fingerprint CRC-64-AVRO of a schema's parsing canonical form
   * @return that schema; null if this build does not know it
   */
  @Override
  public Schema findByFingerprint(long fingerprint) {
    return byFingerprint.get(fingerprint);
  }

  /**
   * @return the versions kept in {@code versions/}, oldest first
   */
  List<Schema> released() {
    return released;
  }

  private static List<Schema> released(String name) {
    List<Schema> found = new ArrayList<>();
    while (true) {
      String file = "versions/" + name + "-" + (found.size() + 1) + ".avsc";
      try (InputStream in = SchemaVersions.class.getResourceAsStream(file)) {
        if (in == null) {
          return List.copyOf(found);
        }
        found.add(new Schema.Parser().parse(in));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
    }
  }
}
