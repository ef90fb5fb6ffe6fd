package io.penstock.udf.model;

import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The model types that are read from Hugging Face directories, with transformers' defaults for what
 * their configurations leave out.
 */
enum HuggingFaceFamily {
  LLAMA("llama", "LlamaForCausalLM", 0, 2048),
  MISTRAL("mistral", "MistralForCausalLM", 8, 131072),
  QWEN2("qwen2", "Qwen2ForCausalLM", 32, 32768);

  private final String modelType;
  private final String architecture;
  private final int kvHeads;
  private final int contextTokens;

  HuggingFaceFamily(String modelType, String architecture, int kvHeads, int contextTokens) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.kvHeads = kvHeads;
    this.contextTokens = contextTokens;
  }

  static Optional<HuggingFaceFamily> ofModelType(String modelType) {
    return Stream.of(values()).filter(one -> one.modelType.equals(modelType)).findFirst();
  }

  static Optional<HuggingFaceFamily> ofArchitecture(String architecture) {
    return Stream.of(values()).filter(one -> one.architecture.equals(architecture)).findFirst();
  }

  static String modelTypes() {
    return joined(one -> one.modelType);
  }

  static String architectures() {
    return joined(one -> one.architecture);
  }

  private static String joined(Function<HuggingFaceFamily, String> name) {
    return Stream.of(values()).map(name).collect(Collectors.joining(", "));
  }

  String modelType() {
    return modelType;
  }

  String architecture() {
    return architecture;
  }

  /** Key and value heads of a model whose configuration does not have the key. */
  int kvHeads(int heads) {
    return kvHeads == 0 ? heads : kvHeads;
  }

  /** Context of a model whose configuration does not tell it, tokens. */
  int contextTokens() {
    return contextTokens;
  }
}
