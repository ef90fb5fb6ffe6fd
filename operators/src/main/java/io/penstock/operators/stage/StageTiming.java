package io.penstock.operators.stage;

/**
 * When a batch was where, by the clock of the stage's machine, microseconds since the epoch.
 *
 * @param stage index of the stage, from 0
 * @param firstByteMicros when the stage began to receive the batch; on stage 0, when the batch was
 *     dispatched
 * @param readyMicros when it was received in full and could have been computed; on stage 0, when it
 *     was dispatched
 * @param startMicros when its computing began
 * @param endMicros when its computing ended
 */
public record StageTiming(
    int stage, long firstByteMicros, long readyMicros, long startMicros, long endMicros) {}
