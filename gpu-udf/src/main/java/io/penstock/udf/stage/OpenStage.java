package io.penstock.udf.stage;

import io.penstock.udf.model.LayerRange;

/**
 * A stage ready to run, and what its operator needs to know of it. Used by the operator's thread.
 *
 * @param executor computes; closed with this
 * @param inputs where activations from the stage before are taken from; null on the first stage
 * @param outputs where activations for the next stage are taken from; null on the last stage
 * @param layers the stage's layers
 * @param hiddenSize columns of the activations
 * @param vocabSize width of the logits
 * @param residualType element type of the activations
 * @param backendDescription for the log
 * @param kvBytesPerToken KV bytes of a token on this stage
 */
public record OpenStage(
    StageExecutor executor,
    ActivationsPool inputs,
    ActivationsPool outputs,
    LayerRange layers,
    int hiddenSize,
    int vocabSize,
    ElementType residualType,
    String backendDescription,
    long kvBytesPerToken)
    implements AutoCloseable {

  /** Ends the worker and frees the stage's memory; the weights stay in the weight cache. */
  @Override
  public void close() {
    executor.close();
  }
}
