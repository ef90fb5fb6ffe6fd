package io.penstock.udf.model;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code general.architecture} may say in a GGUF file. Mistral's files say {@code llama}. */
enum GgufArchitecture {
  LLAMA("llama", true),
  QWEN2("qwen2", false);

  private final String ggufName;
  private final boolean permuted;

  GgufArchitecture(String ggufName, boolean permuted) {
    this.ggufName = ggufName;
    this.permuted = permuted;
  }

  static Optional<GgufArchitecture> named(String ggufName) {
    return Stream.of(values()).filter(one -> one.ggufName.equals(ggufName)).findFirst();
  }

  /** The one that a configuration came from. */
  static GgufArchitecture of(ModelConfig config) {
    return named(config.family()).orElseThrow();
  }

  static String names() {
    return Stream.of(values()).map(one -> one.ggufName).collect(Collectors.joining(", "));
  }

  /** Name of the architecture, and what its keys begin with. */
  String ggufName() {
    return ggufName;
  }

  /** Whether the rows of q and k lie as adjacent pairs in each head: see {@link RotaryRows}. */
  boolean permuted() {
    return permuted;
  }
}
