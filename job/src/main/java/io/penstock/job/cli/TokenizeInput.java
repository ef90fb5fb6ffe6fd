package io.penstock.job.cli;

import io.penstock.udf.model.Conversation;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One input of {@code penstock tokenize}: what a prompt has that its text depends on.
 *
 * @param text the text; null for a conversation
 * @param conversation the conversation; null for a text
 */
record TokenizeInput(String text, Conversation conversation) {
  private static final Set<String> CHAT =
      Set.of("messages", "tools", "documents", "add_generation_prompt", "chat_template_kwargs");

  /** A text, by our name and by OpenAI's. */
  private static final Set<String> TEXT = Set.of("text", "prompt");

  /** Of a prompt, too, so that a file of prompts can be looked at. */
  private static final Set<String> NO_MATTER =
      Set.of(
          "request_id",
          "id",
          "routing_key",
          "metadata",
          "max_new_tokens",
          "max_tokens",
          "max_completion_tokens",
          "top_logits");

  /**
   * @param value as JSON gives it
   * @throws IllegalArgumentException if it is not an input; names fields, quotes no content
   */
  static TokenizeInput of(Object value) {
    if (!(value instanceof Map<?, ?> object)) {
      throw new IllegalArgumentException("not a JSON object");
    }
    for (Object name : object.keySet()) {
      if (!TEXT.contains(name) && !CHAT.contains(name) && !NO_MATTER.contains(name)) {
        throw new IllegalArgumentException(
            "unknown field: " + name + "; variables of the template go into chat_template_kwargs");
      }
    }
    Object messages = object.get("messages");
    List<String> texts = TEXT.stream().filter(name -> object.get(name) != null).toList();
    if (texts.size() + (messages == null ? 0 : 1) != 1) {
      throw new IllegalArgumentException("give one of text and messages");
    }
    if (messages == null) {
      return new TokenizeInput(typed(object, texts.get(0), String.class, null), null);
    }
    return new TokenizeInput(
        null,
        new Conversation(
            messages(messages),
            list(object, "tools"),
            list(object, "documents"),
            typed(object, "add_generation_prompt", Boolean.class, true),
            object(typed(object, "chat_template_kwargs", Map.class, Map.of()))));
  }

  private static <T> T typed(Map<?, ?> object, String name, Class<T> type, T otherwise) {
    Object value = object.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException("a field has the wrong type: " + name);
    }
    return type.cast(value);
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Map<?, ?> object, String name) {
    return typed(object, name, List.class, null);
  }

  /** Names in JSON are strings. */
  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Map<?, ?> value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> messages(Object value) {
    if (value instanceof List<?> list && list.stream().allMatch(Map.class::isInstance)) {
      return (List<Map<String, Object>>) value;
    }
    throw new IllegalArgumentException("messages is not an array of objects");
  }
}
