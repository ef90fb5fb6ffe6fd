package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.udf.model.template.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatFormatTest {
  private static final String SECRET = "secret";

  @TempDir private Path directory;

  private void file(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static Conversation user(Map<String, Object> more) {
    Map<String, Object> message = new java.util.HashMap<>(more);
    message.put("role", "user");
    message.put("content", SECRET);
    return new Conversation(List.of(message), null, null, true, Map.of());
  }

  private static String render(ChatSource source, Conversation conversation)
      throws TemplateException, ConversationException {
    return ChatFormat.of(source).orElseThrow().render(conversation, Clock.systemUTC());
  }

  private static ChatSource source(String template) {
    return new ChatSource(Optional.of(template), Optional.empty(), Map.of("bos_token", "<s>"));
  }

  @Test
  void readsTemplateAndTokensOfTokenizerConfig() throws Exception {
    file(
        "tokenizer_config.json",
        """
        {"chat_template": "{{ bos_token }}{{ pad_token is defined }}", "bos_token": {"content": "<b>"},
         "pad_token": null, "eos_token": "<e>", "extra_special_tokens": {"image_token": "<i>"}}""");
    file("special_tokens_map.json", "{\"bos_token\": \"<x>\", \"unk_token\": \"<u>\"}");
    ChatSource source = HuggingFaceChat.read(directory);
    assertThat(source.specialTokens())
        .containsOnly(
            Map.entry("bos_token", "<b>"),
            Map.entry("eos_token", "<e>"),
            Map.entry("unk_token", "<u>"),
            Map.entry("image_token", "<i>"));
    assertThat(render(source, user(Map.of()))).isEqualTo("<b>False");
  }

  @Test
  void aTemplateFileComesBeforeTokenizerConfig() throws Exception {
    file("tokenizer_config.json", "{\"chat_template\": \"config\"}");
    file("chat_template.jinja", "file {{ tools is none }}\n");
    assertThat(render(HuggingFaceChat.read(directory), user(Map.of()))).isEqualTo("file True");
  }

  @Test
  void aTemplateForToolsIsTakenWithTools() throws Exception {
    file(
        "tokenizer_config.json",
        """
        {"chat_template": [{"name": "rag", "template": "rag"}, {"name": "default", "template": "plain"},
                           {"name": "tool_use", "template": "with {{ tools|length }}"}]}""");
    ChatSource source = HuggingFaceChat.read(directory);
    assertThat(render(source, user(Map.of()))).isEqualTo("plain");
    Conversation tools =
        new Conversation(user(Map.of()).messages(), List.of("f", "g"), null, true, Map.of());
    assertThat(render(source, tools)).isEqualTo("with 2");
    assertThat(render(source.with("other"), tools)).isEqualTo("other");
  }

  @Test
  void aDirectoryWithoutTemplateHasNone() throws Exception {
    assertThat(ChatFormat.of(HuggingFaceChat.read(directory))).isEmpty();
    file("tokenizer_config.json", "{\"chat_template\": 5}");
    assertThatThrownBy(() -> HuggingFaceChat.read(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tokenizer_config.json");
  }

  @Test
  void theSampleModelRendersItsGoldens() throws Exception {
    try (Model model = Models.open(SampleModel.require());
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      ChatSource source = model.chatSource();
      assertThat(source.specialTokens())
          .containsEntry("bos_token", "<|im_start|>")
          .containsEntry("eos_token", "<|im_end|>");
      String text = render(source, user(Map.of()));
      assertThat(text)
          .startsWith("<|im_start|>system\n")
          .endsWith("<|im_start|>user\nsecret<|im_end|>\n<|im_start|>assistant\n");
      assertThat(tokenizer.encode(text)).startsWith(1, 9690, 198).contains(2);
    }
  }

  @Test
  void variablesOfTheCallerReachTheTemplate() throws Exception {
    Conversation conversation =
        new Conversation(
            user(Map.of()).messages(), null, null, false, Map.of("enable_thinking", false));
    String template = "{{ enable_thinking }}{{ add_generation_prompt }}{{ bos_token }}";
    assertThat(render(source(template), conversation)).isEqualTo("FalseFalse<s>");
    Conversation clash =
        new Conversation(conversation.messages(), null, null, true, Map.of("messages", "x"));
    assertThatThrownBy(() -> render(source(template), clash))
        .isInstanceOf(ConversationException.class)
        .hasMessageContaining("chat_template_kwargs cannot set messages");
  }

  @Test
  void membersThatNobodyReadsAreRefusedByName() throws Exception {
    String template = "{{ messages[0].mood }}{{ messages[0]['tone'] }}";
    assertThat(render(source(template), user(Map.of("mood", "m", "tone", "t", "name", "n"))))
        .isEqualTo("mt");
    ConversationException refused =
        catchThrowableOfType(
            ConversationException.class,
            () -> render(source(template), user(Map.of("tool_call", 1))));
    assertThat(refused)
        .hasMessage(
            "a message has a member that the chat template does not read: message=0 member=tool_call");
    assertThat(refused.unreadMember()).isTrue();
    assertThatThrownBy(() -> render(source(template), user(Map.of("a\nb" + "c".repeat(100), 1))))
        .hasMessageEndingWith("member=a?b" + "c".repeat(61) + "…");
  }

  @Test
  void aMessageHasARoleAndContentOrToolCalls() throws Exception {
    Map<String, Object> calls = Map.of("role", "assistant", "tool_calls", List.of(1));
    assertThat(render(source("ok"), new Conversation(List.of(calls), null, null, true, Map.of())))
        .isEqualTo("ok");
    for (Map<String, Object> message :
        List.<Map<String, Object>>of(Map.of("role", "user"), Map.of("content", "x"))) {
      Conversation lacking = new Conversation(List.of(message), null, null, true, Map.of());
      assertThatThrownBy(() -> render(source("ok"), lacking))
          .isInstanceOf(ConversationException.class)
          .hasMessageContaining("message=0");
    }
    Conversation empty = new Conversation(List.of(), null, null, true, Map.of());
    assertThatThrownBy(() -> render(source("ok"), empty)).isInstanceOf(ConversationException.class);
  }

  /** What goes to dead letters has no content, whatever the template does with it. */
  @Test
  void errorsHaveAFormWithoutContent() {
    for (String template :
        List.of(
            "{{ raise_exception('no ' ~ messages[0].content) }}",
            "{{ messages[0][messages[0].content] + 1 }}",
            "{{ bos_token|map(messages[0].content)|list }}",
            "{% if messages[0].content is string %}{{ messages[0].content|int + messages[0] }}{% endif"
                + " %}")) {
      TemplateException e =
          catchThrowableOfType(
              TemplateException.class, () -> render(source(template), user(Map.of())));
      assertThat(e).as(template).isNotNull();
      assertThat(e.withoutContent()).startsWith("line=1 column=").doesNotContain(SECRET);
    }
    TemplateException literal =
        catchThrowableOfType(
            TemplateException.class,
            () -> render(source("\n{{ raise_exception('Only users.') }}"), user(Map.of())));
    assertThat(literal).hasMessage("line=2 column=4: Only users.");
    assertThat(literal.withoutContent())
        .isEqualTo(
            "line=2 column=4: the template refused the conversation (raise_exception): Only users.");
  }

  @Test
  void jsonIsReadWithoutQuotingIt() throws IOException {
    assertThat(JsonValues.parse("{\"a\": [1, 2.5, null, true, \"x\"]}"))
        .isEqualTo(Map.of("a", java.util.Arrays.asList(1, 2.5, null, true, "x")));
    for (String bad :
        List.of("{\"secret\": 1, \"secret\": 2}", "[secret]", "1 secret", "", "[".repeat(5000))) {
      assertThatThrownBy(() -> JsonValues.parse(bad))
          .isInstanceOf(IOException.class)
          .hasNoCause()
          .message()
          .doesNotContain(SECRET);
    }
    assertThat(JsonValues.write(Map.of("ids", new int[] {1, 2}))).isEqualTo("{\"ids\":[1,2]}");
  }
}
