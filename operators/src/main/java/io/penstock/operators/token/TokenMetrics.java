package io.penstock.operators.token;

import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.ResultStatus;
import io.penstock.schemas.TtftMs;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * What the first-token operator shows in the web UI and to reporters. Updated by the task thread.
 * Counts and sums are since the task started; the histograms hold the last 1,024 results, in whole
 * milliseconds. Prompts that were given up count as cancelled and nowhere else.
 *
 * <pre>
 *   results           counter    prompts answered with a first token
 *   cancelled         counter    prompts given up
 *   promptTokens      counter    tokens of the answered prompts
 *   ttftMs            histogram  time to first token: from the record's time to the result
 *   ttftQueueMs       histogram  of it, until the first chunk went to stage 0
 *   ttftPrefillMs     histogram  of it, from there on
 *   ttftComputeMs     histogram  of it, computing of the last stage
 *   ttftMsSum, ttftQueueMsSum, ttftComputeMsSum, ttftTransferMsSum, ttftBubbleMsSum
 *                     counter    the same times and the rest of {@link TtftMs}, summed up
 * </pre>
 */
final class TokenMetrics {
  private static final int HISTOGRAM_RESULTS = 1024;

  private final Counter results;
  private final Counter cancelled;
  private final Counter promptTokens;
  private final Histogram total;
  private final Histogram queue;
  private final Histogram prefill;
  private final Histogram compute;
  private final Sum totalSum;
  private final Sum queueSum;
  private final Sum computeSum;
  private final Sum transferSum;
  private final Sum bubbleSum;

  /**
   * @param group metric group of the operator
   */
  TokenMetrics(MetricGroup group) {
    results = group.counter("results");
    cancelled = group.counter("cancelled");
    promptTokens = group.counter("promptTokens");
    total = histogram(group, "ttftMs");
    queue = histogram(group, "ttftQueueMs");
    prefill = histogram(group, "ttftPrefillMs");
    compute = histogram(group, "ttftComputeMs");
    totalSum = new Sum(group.counter("ttftMsSum"));
    queueSum = new Sum(group.counter("ttftQueueMsSum"));
    computeSum = new Sum(group.counter("ttftComputeMsSum"));
    transferSum = new Sum(group.counter("ttftTransferMsSum"));
    bubbleSum = new Sum(group.counter("ttftBubbleMsSum"));
  }

  /** A result leaves. */
  void count(PrefillResult result) {
    if (result.getStatus() == ResultStatus.cancelled) {
      cancelled.inc();
      return;
    }
    results.inc();
    promptTokens.inc(result.getPromptTokens());
    TtftMs ttft = result.getTtftMs();
    total.update(Math.round(ttft.getTotal()));
    queue.update(Math.round(ttft.getQueue()));
    prefill.update(Math.round(Math.max(0, ttft.getTotal() - ttft.getQueue())));
    compute.update(Math.round(ttft.getCompute()));
    totalSum.add(ttft.getTotal());
    queueSum.add(ttft.getQueue());
    computeSum.add(ttft.getCompute());
    transferSum.add(ttft.getTransfer());
    bubbleSum.add(ttft.getBubble());
  }

  private static Histogram histogram(MetricGroup group, String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(HISTOGRAM_RESULTS));
  }

  /** Adds fractions of milliseconds up, and counts the whole ones of the sum. */
  private static final class Sum {
    private final Counter millis;
    private double rest;

    private Sum(Counter millis) {
      this.millis = millis;
    }

    private void add(double moreMillis) {
      rest += moreMillis;
      long whole = (long) rest;
      millis.inc(whole);
      rest -= whole;
    }
  }
}
