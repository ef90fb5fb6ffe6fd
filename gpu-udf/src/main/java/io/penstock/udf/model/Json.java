package io.penstock.udf.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;

/** JSON of model files: untrusted, so with limits, and without double keys. */
final class Json {
  private static final int MAX_NESTING = 100;
  private static final int MAX_FILE_BYTES = 4 << 20;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              // A table of all names of the process, which a file could fill.
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING).build())
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .build());

  private Json() {}

  static ObjectMapper mapper() {
    return MAPPER;
  }

  /** Reads UTF-8, and never guesses another encoding. */
  static JsonParser parser(byte[] json) throws IOException {
    return MAPPER
        .getFactory()
        .createParser(new InputStreamReader(new ByteArrayInputStream(json), UTF_8));
  }

  /** Reads a small file that holds one JSON object: on the heap, it takes many times its size. */
  static JsonNode object(Path path) throws IOException {
    try (JsonParser parser = parser(ModelFile.readAll(path, MAX_FILE_BYTES))) {
      JsonNode node = MAPPER.readTree(parser);
      if (node == null || !node.isObject()) {
        throw new ModelFileException("not a JSON object: file=" + path);
      }
      return node;
    } catch (JsonProcessingException e) {
      throw unreadable(path, e);
    }
  }

  static ModelFileException unreadable(Path path, JsonProcessingException e) {
    return new ModelFileException(
        "bad JSON: file=" + path + ": " + e.getOriginalMessage() + " " + e.getLocation(), e);
  }
}
