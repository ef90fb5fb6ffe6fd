package io.penstock.udf.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens models. */
public final class Models {
  private Models() {}

  /**
   * Opens a model: a GGUF file (versions 2 and 3), or a Hugging Face directory with {@code
   * config.json} and safetensors files. Families {@code llama}, {@code mistral} and {@code qwen2}.
   * Reads and checks headers; every tensor that the model needs is there with its right shape and a
   * type that can be read (F32, F16, BF16; in GGUF also those of {@link TensorType}) when this
   * returns.
   *
   * <p>A model opens whatever its tokenizer is like, since token ids work without one: see {@link
   * Model#openTokenizer()}.
   *
   * @param path file or directory
   * @return the model, owned by the caller; safe for several threads
   * @throws ModelFileException if it is missing, truncated, foreign or contradicts itself
   * @throws IOException if a file cannot be read
   */
  public static Model open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return HuggingFaceModel.open(path);
    }
    if (!Files.exists(path)) {
      throw new ModelFileException("no such model: path=" + path + "; see --model-path");
    }
    return GgufModel.open(path);
  }
}
