package io.penstock.udf.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A {@code model.safetensors.index.json}: which tensor is in which file of the same directory.
 *
 * <pre>
 *   {"metadata": …, "weight_map": {"tensor": "file", …}}
 * </pre>
 */
final class SafetensorsIndex {
  /** DeepSeek-V3's has 9 MB and 10^5 tensors in 163 files. */
  private static final int MAX_FILE_BYTES = 32 << 20;

  private static final int MAX_TENSORS = 1 << 18;
  private static final int MAX_FILES = 1 << 10;
  private static final String WEIGHT_MAP = "weight_map";

  /** A plain file name: an index cannot point outside its directory. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,254}");

  private SafetensorsIndex() {}

  /**
   * @return file names by tensor names, in the file's order; few files, each a plain name
   * @throws ModelFileException if it is no index, or larger than any
   */
  static Map<String, String> read(Path path) throws IOException {
    try (JsonParser json = Json.parser(ModelFile.readAll(path, MAX_FILE_BYTES))) {
      Map<String, String> files = null;
      expect(json.nextToken() == JsonToken.START_OBJECT, path, "not a JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean weightMap = json.currentName().equals(WEIGHT_MAP);
        json.nextToken();
        if (weightMap) {
          files = weightMap(path, json);
        } else {
          json.skipChildren();
        }
      }
      expect(json.nextToken() == null, path, "something follows the JSON object");
      expect(files != null, path, "missing: key=" + WEIGHT_MAP);
      return files;
    } catch (JsonProcessingException e) {
      throw Json.unreadable(path, e);
    }
  }

  private static Map<String, String> weightMap(Path path, JsonParser json) throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    Set<String> names = new HashSet<>();
    expect(
        json.currentToken() == JsonToken.START_OBJECT, path, "no JSON object: key=" + WEIGHT_MAP);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String tensor = json.currentName();
      expect(files.size() < MAX_TENSORS, path, "too many tensors: limit=" + MAX_TENSORS);
      JsonToken token = json.nextToken();
      String name = token == JsonToken.VALUE_STRING ? json.getText() : "(no string)";
      if (!PLAIN.matcher(name).matches()) {
        throw new ModelFileException(
            "no plain file name: file=" + path + " tensor=" + tensor + " value=" + name);
      }
      names.add(name);
      expect(names.size() <= MAX_FILES, path, "too many files: limit=" + MAX_FILES);
      files.put(tensor, name);
    }
    return files;
  }

  private static void expect(boolean fits, Path path, String otherwise) throws ModelFileException {
    if (!fits) {
      throw new ModelFileException("cannot use index: file=" + path + ": " + otherwise);
    }
  }
}
