package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How text is cut before byte-level BPE, by the names that GGUF's {@code tokenizer.ggml.pre} has,
 * in the words of {@code tokenizer.json}.
 */
enum GgufPreTokenizer {
  /** GPT-2's expression. */
  GPT_2("gpt-2"),
  /** Every digit by itself, then GPT-2's expression. */
  SMOLLM("smollm"),
  /** Llama 3: up to three digits together; words of the vocabulary are taken whole. */
  LLAMA_BPE("llama-bpe"),
  /** Qwen2: composed characters; every digit by itself. */
  QWEN2("qwen2");

  private final String ggufName;

  GgufPreTokenizer(String ggufName) {
    this.ggufName = ggufName;
  }

  static Optional<GgufPreTokenizer> named(String ggufName) {
    return Stream.of(values()).filter(pre -> pre.ggufName.equals(ggufName)).findFirst();
  }

  static String names() {
    return Stream.of(values()).map(pre -> pre.ggufName).collect(Collectors.joining(", "));
  }

  boolean ignoreMerges() {
    return this == LLAMA_BPE;
  }

  JsonNode normalizer() {
    return this == QWEN2
        ? JsonNodeFactory.instance.objectNode().put("type", "NFC")
        : JsonNodeFactory.instance.nullNode();
  }

  JsonNode preTokenizer() {
    return switch (this) {
      case GPT_2 -> byteLevel(true);
      case SMOLLM ->
          sequence(
              JsonNodeFactory.instance
                  .objectNode()
                  .put("type", "Digits")
                  .put("individual_digits", true),
              byteLevel(true));
      case LLAMA_BPE -> sequence(split("\\p{N}{1,3}"), byteLevel(false));
      case QWEN2 -> sequence(split("\\p{N}"), byteLevel(false));
    };
  }

  /** A {@code ByteLevel} step, which serves as pre-tokenizer and as decoder. */
  static ObjectNode byteLevel(boolean useRegex) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", useRegex);
  }

  /** The expression of Llama 3 and Qwen2; they differ in how many digits go together. */
  private static ObjectNode split(String digits) {
    String regex =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
            + digits
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    ObjectNode split = JsonNodeFactory.instance.objectNode().put("type", "Split");
    split.putObject("pattern").put("Regex", regex);
    return split.put("behavior", "Isolated").put("invert", false);
  }

  private static ObjectNode sequence(ObjectNode first, ObjectNode second) {
    ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    sequence.putArray("pretokenizers").add(first).add(second);
    return sequence;
  }
}
