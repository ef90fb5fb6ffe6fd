package io.penstock.operators.admit;

import io.penstock.schemas.ChatMessage;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ReasonCode;
import io.penstock.udf.model.ChatFormat;
import io.penstock.udf.model.Conversation;
import io.penstock.udf.model.ConversationException;
import io.penstock.udf.model.JsonValues;
import io.penstock.udf.model.template.TemplateException;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the text of a prompt that is a conversation. A refusal names places in the template and
 * members of messages, never what was said.
 */
final class ChatRenderer {
  /** Most messages, members and items of a conversation: each takes some hundred bytes of heap. */
  static final int MAX_VALUES = 200_000;

  private final ChatFormat format;
  private final String failure;
  private final Clock clock;

  private ChatRenderer(ChatFormat format, String failure, Clock clock) {
    this.format = format;
    this.failure = failure;
    this.clock = clock;
  }

  /**
   * @param format renders; null if the model came without a template
   * @param clock for templates that write the date
   */
  static ChatRenderer of(ChatFormat format, Clock clock) {
    return new ChatRenderer(format, null, clock);
  }

  /**
   * @param failure why the model's template cannot be used
   * @return a renderer that refuses every conversation
   */
  static ChatRenderer without(String failure) {
    return new ChatRenderer(null, failure, Clock.systemUTC());
  }

  /**
   * @param prompt with messages
   * @return its text
   */
  String render(Prompt prompt) throws RefusedException {
    String requestId = prompt.getRequestId();
    if (format == null) {
      throw new RefusedException(
          requestId,
          ReasonCode.NO_CHAT_TEMPLATE,
          failure == null
              ? "the model came without a chat template, so messages cannot be rendered; send text"
                  + " or token_ids, or start the job with --chat-template"
              : "the model's chat template cannot be used, so messages cannot be rendered; send text"
                  + " or token_ids, or start the job with --chat-template: "
                  + failure);
    }
    try {
      checkSize(prompt);
      return format.render(conversation(prompt), clock);
    } catch (ConversationException e) {
      throw new RefusedException(
          requestId,
          e.unreadMember() ? ReasonCode.UNSUPPORTED_FIELD : ReasonCode.CHAT_TEMPLATE_FAILED,
          e.getMessage());
    } catch (TemplateException e) {
      throw new RefusedException(
          requestId,
          ReasonCode.CHAT_TEMPLATE_FAILED,
          "the chat template failed: " + e.withoutContent());
    } catch (IOException e) {
      throw new RefusedException(
          requestId,
          ReasonCode.UNREADABLE_RECORD,
          "a field that holds JSON cannot be read: " + e.getMessage());
    }
  }

  private static void checkSize(Prompt prompt) throws IOException, RefusedException {
    long values = prompt.getMessages().size();
    for (ChatMessage message : prompt.getMessages()) {
      values += count(message.getMore(), values);
    }
    values += count(prompt.getTools(), values);
    values += count(prompt.getDocuments(), values);
    values += count(prompt.getChatTemplateKwargs(), values);
    if (values > MAX_VALUES) {
      throw new RefusedException(
          prompt.getRequestId(),
          ReasonCode.CHAT_TEMPLATE_FAILED,
          "the conversation has too many messages, members and items: most="
              + MAX_VALUES
              + " messages="
              + prompt.getMessages().size());
    }
  }

  /** Ends beyond the limit: what is there is then not counted to its end, nor ever parsed. */
  private static long count(String json, long before) throws IOException {
    return json == null || before > MAX_VALUES ? 0 : JsonValues.count(json, MAX_VALUES - before);
  }

  private static Conversation conversation(Prompt prompt) throws IOException {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (ChatMessage message : prompt.getMessages()) {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("role", message.getRole());
      if (message.getContent() != null) {
        members.put("content", message.getContent());
      }
      members.putAll(object(message.getMore()));
      messages.add(members);
    }
    return new Conversation(
        messages,
        array(prompt.getTools()),
        array(prompt.getDocuments()),
        prompt.getAddGenerationPrompt(),
        object(prompt.getChatTemplateKwargs()));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(String json) throws IOException {
    if (json == null) {
      return Map.of();
    }
    if (JsonValues.parse(json) instanceof Map<?, ?> object) {
      return (Map<String, Object>) object;
    }
    throw new IOException("not an object");
  }

  @SuppressWarnings("unchecked")
  private static List<Object> array(String json) throws IOException {
    if (json == null) {
      return null;
    }
    if (JsonValues.parse(json) instanceof List<?> array) {
      return (List<Object>) array;
    }
    throw new IOException("not an array");
  }
}
