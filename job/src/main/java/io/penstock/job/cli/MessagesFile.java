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
import java.util.Map;

/** The file of {@code --messages}: an array of messages, or an object with them and more. */
final class MessagesFile {
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
        fields.put("messages", value);
      }
      if (fields.get("messages") == null) {
        throw new RefusedException("no messages in --messages=" + file);
      }
      fields.put("request_id", requestId);
      return JsonCodec.PROMPT.decode(JsonValues.write(fields).getBytes(UTF_8));
    } catch (IOException | UnreadableRecordException e) {
      throw new RefusedException("cannot use --messages=" + file + ": " + e.getMessage(), e);
    }
  }
}
