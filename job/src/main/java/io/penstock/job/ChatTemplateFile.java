package io.penstock.job;

import io.penstock.udf.model.template.ChatTemplate;
import io.penstock.udf.model.template.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file of {@code --chat-template}. */
public final class ChatTemplateFile {
  /** More than any template that would be parsed. */
  private static final int MAX_BYTES = 4 << 20;

  private ChatTemplateFile() {}

  /**
   * @param file a template, UTF-8
   * @return its text, which can be parsed
   * @throws RefusedException if it cannot be read, or not be parsed: then with line and column
   */
  public static String read(Path file) throws RefusedException {
    try {
      long bytes = Files.size(file);
      if (bytes > MAX_BYTES) {
        throw new RefusedException(
            "--chat-template=" + file + " is too large: bytes=" + bytes + " limit=" + MAX_BYTES);
      }
      String template = Files.readString(file);
      ChatTemplate.parse(template);
      return template;
    } catch (IOException e) {
      throw new RefusedException("cannot read --chat-template=" + file + ": " + e, e);
    } catch (TemplateException e) {
      throw new RefusedException(
          "--chat-template=" + file + " cannot be parsed: " + e.getMessage(), e);
    }
  }
}
