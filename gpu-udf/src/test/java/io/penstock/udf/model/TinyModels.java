package io.penstock.udf.model;

import java.nio.file.Path;
import java.util.List;

/**
 * The tiny random models of the goldens that Penstock computes, for {@link Models#open}. Their
 * prompts and figures: {@link Goldens#tiny} and {@link Goldens#gguf}.
 */
public final class TinyModels {

  /**
   * Hugging Face directories: biases everywhere; GQA; llama3 rope scaling, tied, five files; a
   * window of 48 tokens; biases on q, k and v.
   */
  public static final List<String> DIRECTORIES =
      List.of("llama-bias-a", "llama-gqa-a", "llama-rope3-tied-a", "mistral-swa-a", "qwen2-a");

  /** GGUF files: the first two have rotary frequency divisors. */
  public static final List<String> GGUF_FILES =
      List.of(
          "llama3rope-a.F16",
          "llama3rope-a.Q8_0",
          "mistral-a.F16",
          "mistral-a.Q8_0",
          "qwen2-a.F16",
          "qwen2-a.Q8_0");

  private TinyModels() {}

  /**
   * @param name one of {@link #DIRECTORIES}
   * @return the model's directory
   */
  public static Path directory(String name) {
    return TestResources.folder("goldens/tiny/" + name, "config.json");
  }

  /**
   * @param name one of {@link #GGUF_FILES}
   * @return the GGUF file
   */
  public static Path gguf(String name) {
    return TestResources.folder("goldens/gguf", name + ".gguf").resolve(name + ".gguf");
  }
}
