/**
 * Stages as Flink sees them: frames and their serializer, the in-flight window, the stage operator
 * and its metrics.
 */
package io.penstock.operators.stage;
