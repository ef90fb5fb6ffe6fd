package io.penstock.operators.chunk;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * What the head shows in the web UI beside what every stage shows. Updated by the mailbox thread;
 * counts are since the task started.
 *
 * <pre>
 *   queuedPrompts   gauge    prompts that wait
 *   queuedBytes     gauge    bytes of them, as --max-queued-bytes counts them
 *   openPrompts     gauge    prompts that were begun and not cut to their end
 *   cancels         counter  prompts given up on request
 *   refused         counter  prompts refused: their id was queued or open
 * </pre>
 */
final class HeadMetrics {
  private final Counter cancels;
  private final Counter refused;
  // Read by Flink's metrics thread.
  private volatile int queuedPrompts;
  private volatile long queuedBytes;
  private volatile int openPrompts;
  private volatile int pagesUsed;

  HeadMetrics(MetricGroup group) {
    gauge(group, "queuedPrompts", () -> queuedPrompts);
    gauge(group, "queuedBytes", () -> queuedBytes);
    gauge(group, "openPrompts", () -> openPrompts);
    cancels = group.counter("cancels");
    refused = group.counter("refused");
  }

  void update(Chunker chunker) {
    queuedPrompts = chunker.queuedPrompts();
    queuedBytes = chunker.queuedBytes();
    openPrompts = chunker.openPrompts();
    pagesUsed = chunker.pagesUsed();
  }

  void cancelled() {
    cancels.inc();
  }

  void refused() {
    refused.inc();
  }

  int pagesUsed() {
    return pagesUsed;
  }

  private static <T> void gauge(MetricGroup group, String name, Gauge<T> gauge) {
    group.gauge(name, gauge);
  }
}
