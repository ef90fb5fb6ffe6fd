package io.penstock.udf.model;

import java.io.IOException;
import java.util.Optional;

/**
 * An opened model: a GGUF file or a Hugging Face directory. Opening reads headers only; weights are
 * read through {@link #weights()} when asked for. Closed by its owner; tensors are dead afterwards.
 */
public interface Model extends AutoCloseable {

  /**
   * @return what the model looks like
   */
  ModelConfig config();

  /**
   * @return its tensors
   */
  WeightSource weights();

  /**
   * Says nothing about whether the tokenizer is of a kind that can be opened: a model opens without
   * that, since prompts of token ids need none.
   *
   * @return whether the model came with a tokenizer: {@code tokenizer.json}, or an older form of
   *     it, in its directory, or a {@code tokenizer.ggml.model} in its GGUF file
   */
  boolean hasTokenizer();

  /**
   * @return a new tokenizer, owned by the caller; empty if the model came without one
   * @throws ModelFileException if it is there and broken, or of a kind that is not supported; names
   *     the kind ({@code tokenizer.ggml.model}, {@code tokenizer.ggml.pre})
   * @throws IOException if it is there and cannot be read
   */
  Optional<Tokenizer> openTokenizer() throws IOException;

  /**
   * @return the model's chat template as text, which may not be one, and its special tokens
   * @throws ModelFileException if what it came with contradicts itself
   * @throws IOException if it is there and cannot be read
   */
  ChatSource chatSource() throws IOException;

  /**
   * @return identifies the content for the weight cache: path, size and time of change of its files
   */
  String identity();

  @Override
  void close() throws IOException;
}
