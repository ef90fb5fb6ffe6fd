/**
 * Decides which tokens of which prompts are computed next, and where their KV goes. {@code
 * Planner}, {@code PageAllocator} and {@code Chunker} are pure; the operator that runs them beside
 * stage 0, its state and its control source are what knows Flink.
 */
package io.penstock.operators.chunk;
