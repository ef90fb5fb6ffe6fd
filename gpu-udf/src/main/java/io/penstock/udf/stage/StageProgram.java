package io.penstock.udf.stage;

/**
 * What one stage computes for one batch: the model family's layers over a backend. Called by the
 * stage's worker thread only, one batch after the other, and closed by it.
 */
public interface StageProgram extends AutoCloseable {

  /**
   * Computes a batch.
   *
   * @param batch the batch
   * @param in residual from the stage before, {@code batch.rows() × hidden}; null on the first
   *     stage
   * @param out receives the residual for the next stage, already of the right shape; null on the
   *     last stage
   * @return on the last stage, the logits (float32, vocabulary size) of the last token of each
   *     segment that is its prompt's last, in the order of the segments; empty on other stages
   */
  float[][] run(ChunkBatch batch, Activations in, Activations out);

  @Override
  void close();
}
