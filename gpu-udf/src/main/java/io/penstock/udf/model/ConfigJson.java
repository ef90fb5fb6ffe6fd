package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A {@code config.json}: typed values, and refusals that name file and key. A key that is null
 * counts as missing.
 *
 * @param path of the file
 * @param root its content, an object
 */
record ConfigJson(Path path, JsonNode root) {

  static ConfigJson read(Path path) throws IOException {
    return new ConfigJson(path, Json.object(path));
  }

  int required(String key) throws ModelFileException {
    return integer(root, key).orElseThrow(() -> refused(key, "the key is missing"));
  }

  Optional<Integer> integer(String key) throws ModelFileException {
    return integer(root, key);
  }

  Optional<Integer> integer(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    JsonNode value = in.get(key);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt()) {
      throw refused(key, "no 32-bit integer: value=" + value);
    }
    return Optional.of(value.intValue());
  }

  Optional<Double> number(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    if (!in.get(key).isNumber()) {
      throw refused(key, "no number: value=" + in.get(key));
    }
    return Optional.of(in.get(key).doubleValue());
  }

  Optional<String> string(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    if (!in.get(key).isTextual()) {
      throw refused(key, "no string: value=" + in.get(key));
    }
    return Optional.of(in.get(key).textValue());
  }

  /** False if it is missing. */
  boolean bool(String key) throws ModelFileException {
    if (!root.hasNonNull(key)) {
      return false;
    }
    if (!root.get(key).isBoolean()) {
      throw refused(key, "no boolean: value=" + root.get(key));
    }
    return root.get(key).booleanValue();
  }

  ModelFileException refused(String key, String what) {
    return new ModelFileException(
        "cannot use model configuration: file=" + path + " key=" + key + ": " + what);
  }
}
