package io.penstock.udf.stage;

/**
 * What became of one submitted batch.
 *
 * @param batch the batch
 * @param in the activations it was submitted with, now the receiver's to give back; null on the
 *     first stage
 * @param out activations for the next stage, now the receiver's to give back; null on the last
 *     stage and after a failure
 * @param logits see {@link StageProgram#run}
 * @param startMicros when computing began, microseconds since the epoch
 * @param endMicros when it ended
 * @param failure why it failed; null if it did not
 */
public record StageResult(
    ChunkBatch batch,
    Activations in,
    Activations out,
    float[][] logits,
    long startMicros,
    long endMicros,
    Throwable failure) {}
