package io.penstock.operators.token;

import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.Tokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Opens the tokenizer that decodes first tokens; travels to the task with the job. */
@FunctionalInterface
interface TokenizerOpener extends Serializable {

  /**
   * @param modelPath GGUF file or Hugging Face directory
   * @return its tokenizer, owned by the caller; empty if it has none
   * @throws IOException if it cannot be read
   */
  Optional<Tokenizer> open(String modelPath) throws IOException;

  /**
   * @param modelPath GGUF file or Hugging Face directory
   * @return the tokenizer that came with the model; empty, with a warning in the log, if it is
   *     there and cannot be used: results then have no text
   * @throws IOException if the model cannot be read
   */
  static Optional<Tokenizer> ofModel(String modelPath) throws IOException {
    try (Model model = Models.open(Path.of(modelPath))) {
      try {
        return model.openTokenizer();
      } catch (ModelFileException e) {
        LoggerFactory.getLogger(TokenizerOpener.class)
            .warn("results will have no text: the tokenizer cannot be used: {}", e.getMessage());
        return Optional.empty();
      }
    }
  }
}
