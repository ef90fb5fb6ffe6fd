package io.penstock.udf.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chat template and special tokens of a Hugging Face directory, as transformers finds them: {@code
 * chat_template.jinja} before {@code chat_template} of {@code tokenizer_config.json}; tokens there
 * before {@code special_tokens_map.json}.
 */
final class HuggingFaceChat {
  private static final String TEMPLATE = "chat_template.jinja";
  private static final String TOOL_TEMPLATE = "additional_chat_templates/tool_use.jinja";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String TOKENS = "special_tokens_map.json";
  private static final int MAX_TEMPLATE_BYTES = 2 << 20;
  private static final List<String> TOKEN_NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private HuggingFaceChat() {}

  static ChatSource read(Path directory) throws IOException {
    JsonNode config = object(directory.resolve(CONFIG));
    JsonNode tokens = object(directory.resolve(TOKENS));
    Map<String, String> specialTokens = new LinkedHashMap<>();
    for (String name : TOKEN_NAMES) {
      Optional<String> token = token(config.path(name));
      token.or(() -> token(tokens.path(name))).ifPresent(text -> specialTokens.put(name, text));
    }
    config
        .path("extra_special_tokens")
        .properties()
        .forEach(
            extra ->
                token(extra.getValue()).ifPresent(text -> specialTokens.put(extra.getKey(), text)));
    Optional<String> file = text(directory.resolve(TEMPLATE));
    if (file.isPresent()) {
      return new ChatSource(file, text(directory.resolve(TOOL_TEMPLATE)), specialTokens);
    }
    JsonNode template = config.path("chat_template");
    return new ChatSource(
        named(template, "default", directory),
        named(template, "tool_use", directory),
        specialTokens);
  }

  private static JsonNode object(Path path) throws IOException {
    return Files.isRegularFile(path) ? Json.object(path) : MissingNode.getInstance();
  }

  private static Optional<String> text(Path path) throws IOException {
    return Files.isRegularFile(path)
        ? Optional.of(new String(ModelFile.readAll(path, MAX_TEMPLATE_BYTES), UTF_8))
        : Optional.empty();
  }

  /** A token is a string, or an object with its content. */
  private static Optional<String> token(JsonNode token) {
    return Optional.ofNullable(
        token.isObject() ? token.path("content").textValue() : token.textValue());
  }

  /** One template, which is the default, or a list of {name, template}. */
  private static Optional<String> named(JsonNode templates, String name, Path directory)
      throws ModelFileException {
    if (templates.isMissingNode() || templates.isNull()) {
      return Optional.empty();
    }
    if (templates.isTextual()) {
      return name.equals("default") ? Optional.of(templates.textValue()) : Optional.empty();
    }
    if (!templates.isArray()) {
      throw new ModelFileException(
          "chat_template is neither a string nor a list: file=" + directory.resolve(CONFIG));
    }
    for (JsonNode each : templates) {
      if (name.equals(each.path("name").textValue()) && each.path("template").isTextual()) {
        return Optional.of(each.path("template").textValue());
      }
    }
    return Optional.empty();
  }
}
