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
   * @return whether the model came with a tokenizer
   */
  boolean hasTokenizer();

  /**
   * @return a new tokenizer, owned by the caller; empty if the model came without one
   * @throws IOException if it is there and cannot be read
   */
  Optional<Tokenizer> openTokenizer() throws IOException;

  /**
   * @return identifies the content for the weight cache: path, size and time of change of its files
   */
  String identity();

  @Override
  void close() throws IOException;
}
