package io.penstock.operators.token;

import java.io.Serializable;

/**
 * What the end of the pipeline must know to write results.
 *
 * @param modelPath GGUF file or Hugging Face directory, for its tokenizer
 * @param modelName name of the model on the results
 * @param stages stages of the pipeline
 * @param chunkPolicy chunk policy on the results, for instance {@code fixed:512}
 */
public record FirstTokenSpec(String modelPath, String modelName, int stages, String chunkPolicy)
    implements Serializable {}
