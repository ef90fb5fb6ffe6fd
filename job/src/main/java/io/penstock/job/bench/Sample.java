package io.penstock.job.bench;

/**
 * What one way did in one round.
 *
 * @param tokensPerSecond of the prompts back to back, from handing over the first to the last
 *     answer
 * @param ttftMillis from handing over one prompt alone to its answer
 * @param processorMicrosPerToken processor time of all its processes, of the prompts back to back
 */
record Sample(double tokensPerSecond, double ttftMillis, double processorMicrosPerToken) {}
