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
  private static final int MAX_FILE_BYTES = 64 << 20;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
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

  /** Reads a small file that holds one JSON object. */
  static JsonNode object(Path path) throws IOException {
    byte[] json;
    try (ModelFile file = ModelFile.open(path)) {
      if (file.size() > MAX_FILE_BYTES) {
        throw new ModelFileException(
            "too large: file=" + path + " fileBytes=" + file.size() + " limit=" + MAX_FILE_BYTES);
      }
      json = new byte[(int) file.size()];
      file.read(0, json, 0, json.length);
    }
    try (JsonParser parser = parser(json)) {
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
