package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.job.RefusedException;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.UnreadableRecordException;
import io.penstock.udf.model.JsonValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The file of {@code --messages}: an array of messages, or an object with them and more. */
final class MessagesFile {
  private static final String MESSAGES = "messages";

  /** The rest of a prompt is told by options. */
  private static final List<String> FIELDS =
      List.of(MESSAGES, "tools", "documents", "add_generation_prompt", "chat_template_kwargs");

  private MessagesFile() {}

  /**
   * @param file UTF-8
   * @param requestId id of the prompt
   * @return a prompt of those messages
   * @throws RefusedException if it cannot be read or holds something else
   */
  static Prompt read(Path file, String requestId) throws RefusedException {
    try {
      Map<Object, Object> fields = new LinkedHashMap<>();
      Object value = JsonValues.parse(Files.readString(file));
      if (value instanceof Map<?, ?> object) {
        fields.putAll(object);
      } else {
        fields.put(MESSAGES, value);
      }
      if (fields.get(MESSAGES) == null) {
        throw new RefusedException("no messages in --messages=" + file);
      }
      for (Object name : fields.keySet()) {
        if (!FIELDS.contains(name)) {
          throw new RefusedException(
              "--messages=" + file + " may hold " + FIELDS + " and no other field: " + name);
        }
      }
      fields.put("request_id", requestId);
      return JsonCodec.PROMPT.decode(JsonValues.write(fields).getBytes(UTF_8));
    } catch (IOException | UnreadableRecordException e) {
      throw new RefusedException("cannot use --messages=" + file + ": " + e.getMessage(), e);
    }
  }
}
