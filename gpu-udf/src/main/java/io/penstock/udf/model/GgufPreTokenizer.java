package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How text is cut before byte-level BPE, by the names that GGUF's {@code tokenizer.ggml.pre} has,
 * in the words of {@code tokenizer.json}. Names stand together where llama.cpp has the same
 * expression for them.
 */
enum GgufPreTokenizer {
  /** GPT-2's expression. */
  GPT_2(false, "gpt-2 phi-2 exaone4"),
  /** Every digit by itself, then GPT-2's expression. */
  SMOLLM(false, "smollm starcoder refact command-r codeshell exaone minerva-7b"),
  /** Llama 3: up to three digits together; words of the vocabulary are taken whole. */
  LLAMA_BPE(true, "llama-bpe llama3 llama-v3 falcon3 pixtral"),
  /** Llama 3's expression alone. */
  SMAUG(false, "smaug-bpe dbrx"),
  /** Qwen2: composed characters; every digit by itself. */
  QWEN2(false, "qwen2"),
  /** Qwen2's expression alone. */
  DEEPSEEK_R1_QWEN(false, "deepseek-r1-qwen megrez stablelm2"),
  /** Mistral's since Nemo: words end where a capital letter follows a small one. */
  TEKKEN(true, "tekken");

  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
  private static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String CAPITALS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SMALLS = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private final boolean ignoreMerges;
  private final String ggufNames;

  /**
   * @param ignoreMerges whether words of the vocabulary are taken whole
   * @param ggufNames separated by spaces
   */
  GgufPreTokenizer(boolean ignoreMerges, String ggufNames) {
    this.ignoreMerges = ignoreMerges;
    this.ggufNames = ggufNames;
  }

  static Optional<GgufPreTokenizer> named(String ggufName) {
    return Stream.of(values()).filter(pre -> pre.ggufNames().contains(ggufName)).findFirst();
  }

  static String names() {
    return Stream.of(values())
        .flatMap(pre -> pre.ggufNames().stream())
        .collect(Collectors.joining(", "));
  }

  private List<String> ggufNames() {
    return List.of(ggufNames.split(" "));
  }

  boolean ignoreMerges() {
    return ignoreMerges;
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
      case LLAMA_BPE, SMAUG -> split(CONTRACTIONS + WORD + "\\p{N}{1,3}|" + symbols(""));
      case QWEN2, DEEPSEEK_R1_QWEN -> split(CONTRACTIONS + WORD + "\\p{N}|" + symbols(""));
      case TEKKEN ->
          split(
              mixedWord(CAPITALS + "*" + SMALLS + "+")
                  + mixedWord(CAPITALS + "+" + SMALLS + "*")
                  + "\\p{N}|"
                  + symbols("/"));
    };
  }

  private static String mixedWord(String letters) {
    return "[^\\r\\n\\p{L}\\p{N}]?" + letters + "|";
  }

  private static String symbols(String more) {
    return " ?[^\\s\\p{L}\\p{N}]+[\\r\\n" + more + "]*" + SPACES;
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

  private static ObjectNode split(String regex) {
    ObjectNode split = JsonNodeFactory.instance.objectNode().put("type", "Split");
    split.putObject("pattern").put("Regex", regex);
    return sequence(split.put("behavior", "Isolated").put("invert", false), byteLevel(false));
  }

  private static ObjectNode sequence(ObjectNode first, ObjectNode second) {
    ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    sequence.putArray("pretokenizers").add(first).add(second);
    return sequence;
  }
}
