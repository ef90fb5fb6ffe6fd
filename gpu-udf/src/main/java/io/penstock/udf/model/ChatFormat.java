package io.penstock.udf.model;

import io.penstock.udf.model.template.ChatTemplate;
import io.penstock.udf.model.template.TemplateException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the text of a prompt from a conversation, as {@code apply_chat_template} of Hugging Face
 * transformers does. Immutable; for any number of threads.
 */
public final class ChatFormat {
  private static final int MAX_NAME_CHARS = 64;

  /** Members that messages have in OpenAI's interface, or that its relatives have added. */
  private static final Set<String> USUAL =
      Set.of(
          "role",
          "content",
          "name",
          "tool_calls",
          "tool_call_id",
          "function_call",
          "refusal",
          "audio",
          "reasoning_content",
          "reasoning",
          "thinking");

  private static final Set<String> OWN_VARIABLES =
      Set.of("messages", "tools", "documents", "add_generation_prompt");

  private final ChatTemplate template;
  private final ChatTemplate toolTemplate;
  private final Map<String, String> specialTokens;

  private ChatFormat(
      ChatTemplate template, ChatTemplate toolTemplate, Map<String, String> specialTokens) {
    this.template = template;
    this.toolTemplate = toolTemplate;
    this.specialTokens = specialTokens;
  }

  /**
   * @param source what the model came with
   * @return how it takes conversations; empty if it came without a template
   * @throws TemplateException if a template cannot be parsed
   */
  public static Optional<ChatFormat> of(ChatSource source) throws TemplateException {
    if (source.template().isEmpty()) {
      return Optional.empty();
    }
    ChatTemplate template = ChatTemplate.parse(source.template().get());
    ChatTemplate toolTemplate =
        source.toolTemplate().isPresent()
            ? ChatTemplate.parse(source.toolTemplate().get())
            : template;
    return Optional.of(new ChatFormat(template, toolTemplate, Map.copyOf(source.specialTokens())));
  }

  /**
   * @param conversation what was said
   * @param clock for templates that write the date, in the clock's zone
   * @return the text of the prompt, special tokens in it
   * @throws ConversationException if a message has no role or content, or a member that neither
   *     OpenAI's interface nor the template knows
   * @throws TemplateException if the template fails on it
   */
  public String render(Conversation conversation, Clock clock)
      throws ConversationException, TemplateException {
    ChatTemplate chosen = conversation.tools() == null ? template : toolTemplate;
    check(conversation, chosen);
    Map<String, Object> variables = new LinkedHashMap<>(specialTokens);
    variables.putAll(conversation.variables());
    variables.put("messages", conversation.messages());
    variables.put("tools", conversation.tools());
    variables.put("documents", conversation.documents());
    variables.put("add_generation_prompt", conversation.addGenerationPrompt());
    return chosen.render(variables, clock);
  }

  private static void check(Conversation conversation, ChatTemplate template)
      throws ConversationException {
    if (conversation.messages().isEmpty()) {
      throw new ConversationException("messages is empty; a conversation has at least one", false);
    }
    for (String name : conversation.variables().keySet()) {
      if (OWN_VARIABLES.contains(name)) {
        throw new ConversationException(
            "chat_template_kwargs cannot set " + name + "; it is a field of its own", false);
      }
    }
    int number = 0;
    for (Map<String, Object> message : conversation.messages()) {
      check(number++, message, template);
    }
  }

  private static void check(int number, Map<String, Object> message, ChatTemplate template)
      throws ConversationException {
    if (!(message.get("role") instanceof String role) || role.isEmpty()) {
      throw new ConversationException("a message has no role: message=" + number, false);
    }
    if (message.get("content") == null
        && message.get("tool_calls") == null
        && message.get("function_call") == null) {
      throw new ConversationException(
          "a message has neither content nor tool_calls: message=" + number, false);
    }
    for (String name : message.keySet()) {
      if (!USUAL.contains(name) && !template.mentions(name)) {
        throw new ConversationException(
            "a message has a member that the chat template does not read: message="
                + number
                + " member="
                + readable(name),
            true);
      }
    }
  }

  /** On one line, and short: a name may be anything. */
  private static String readable(String name) {
    String printable = name.replaceAll("[^\\p{Graph} ]", "?");
    return printable.length() <= MAX_NAME_CHARS
        ? printable
        : printable.substring(0, MAX_NAME_CHARS) + "…";
  }
}
