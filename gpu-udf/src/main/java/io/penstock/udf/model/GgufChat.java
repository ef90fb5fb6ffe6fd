package io.penstock.udf.model;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Chat template and special tokens in the metadata of a GGUF file. */
final class GgufChat {
  private static final String TEMPLATE = "tokenizer.chat_template";
  private static final String TOOL_TEMPLATE = "tokenizer.chat_template.tool_use";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final Map<String, String> TOKEN_IDS =
      Map.of(
          "bos_token", "tokenizer.ggml.bos_token_id",
          "eos_token", "tokenizer.ggml.eos_token_id",
          "unk_token", "tokenizer.ggml.unknown_token_id",
          "sep_token", "tokenizer.ggml.seperator_token_id", // as the format spells it
          "pad_token", "tokenizer.ggml.padding_token_id",
          "cls_token", "tokenizer.ggml.cls_token_id",
          "mask_token", "tokenizer.ggml.mask_token_id");

  private GgufChat() {}

  static ChatSource read(GgufMetadata metadata) throws IOException {
    Optional<String> template = metadata.string(TEMPLATE);
    if (template.isEmpty()) {
      return new ChatSource(template, Optional.empty(), Map.of());
    }
    return new ChatSource(template, metadata.string(TOOL_TEMPLATE), specialTokens(metadata));
  }

  private static Map<String, String> specialTokens(GgufMetadata metadata) throws IOException {
    Map<String, String> specialTokens = new LinkedHashMap<>();
    if (!metadata.has(TOKENS)) {
      return specialTokens;
    }
    List<String> tokens = metadata.strings(TOKENS);
    for (Map.Entry<String, String> entry : TOKEN_IDS.entrySet()) {
      Optional<Integer> id = metadata.integer(entry.getValue());
      if (id.isPresent()) {
        if (id.get() < 0 || id.get() >= tokens.size()) {
          throw metadata.refused(
              entry.getValue(), "no such token: value=" + id.get() + " tokens=" + tokens.size());
        }
        specialTokens.put(entry.getKey(), tokens.get(id.get()));
      }
    }
    return specialTokens;
  }
}
