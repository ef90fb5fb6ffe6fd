package io.penstock.udf.model;

import java.util.Map;
import java.util.Optional;

/**
 * How a model came to take conversations; nothing of it is parsed yet.
 *
 * @param template its chat template
 * @param toolTemplate a template of its own for conversations with tools
 * @param specialTokens the texts of bos_token, eos_token and others that it has, by name
 */
public record ChatSource(
    Optional<String> template, Optional<String> toolTemplate, Map<String, String> specialTokens) {

  /**
   * @param override another template, in place of the model's own
   * @return the same with that template alone
   */
  public ChatSource with(String override) {
    return new ChatSource(Optional.of(override), Optional.empty(), specialTokens);
  }
}
