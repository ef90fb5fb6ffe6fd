/**
 * What a pipeline stage is below Flink: batches, activations, the executor and its worker thread.
 */
package io.penstock.udf.stage;
