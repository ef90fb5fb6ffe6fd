package io.penstock.udf.stage;

import java.io.Serializable;

/**
 * Everything a stage needs to open itself in another process.
 *
 * @param modelPath GGUF file or Hugging Face directory, readable on the machine of the stage
 * @param stage index of the stage, from 0
 * @param stages stages of the pipeline
 * @param backend name of the backend
 * @param precision {@code auto}, {@code bf16} or {@code f32}; read by the cpu backend
 * @param threads worker threads of the stage; read by the cpu backend
 * @param kvPages pages of the KV pool
 * @param maxBatchTokens most rows of a batch
 */
public record StageSpec(
    String modelPath,
    int stage,
    int stages,
    String backend,
    String precision,
    int threads,
    int kvPages,
    int maxBatchTokens)
    implements Serializable {

  /**
   * @return whether this stage embeds the tokens
   */
  public boolean first() {
    return stage == 0;
  }

  /**
   * @return whether this stage holds the LM head
   */
  public boolean last() {
    return stage == stages - 1;
  }
}
