package io.penstock.operators.stage;

import io.penstock.udf.stage.ChunkBatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.View;

/**
 * What one stage shows in the web UI, in the metric group of its operator. Updated by the mailbox
 * thread. All counts and times are since the task started.
 *
 * <pre>
 *   batches           counter  chunk batches computed
 *   chunks            counter  segments in them
 *   tokens            counter  tokens in them
 *   tokensPerSecond   meter    over the last minute
 *   computeBusyMs     counter  time in which the stage computed
 *   computeBusyPercent gauge   the same as a share of the last minute; a batch counts when it is done. Flink's own
 *                              "busy" is that of the task thread, which is idle while the stage's worker computes
 *   bubblePercent     gauge    share of time, over the last 64 batches, in which the stage was idle although the batch
 *                              that it computed next was in the pipeline already
 *   queueWaitMs       counter  time that batches waited in the stage, received and not computed yet
 *   batchesInFlight   gauge    batches in the stage now
 *   receivedBytes     gauge    bytes of frames from the stage before   (not on the head)
 *   receiveMs         counter  time from a batch's first byte to its last   (not on the head)
 *   sentBytes         gauge    bytes of frames to the next stage
 *   sendMs            gauge    time spent sending them, waits for network buffers included
 *   kvPagesUsed       gauge    KV pages handed out   (on the head only: pages are the same on all stages)
 *   kvPagesTotal      gauge    KV pages of the pool  (on the head only)
 * </pre>
 */
public final class StageMetrics {
  private static final int BUBBLE_BATCHES = 64;
  private static final int MICROS_PER_MILLI = 1000;

  private final MetricGroup group;
  private final Counter batches;
  private final Counter chunks;
  private final Counter tokens;
  private final MillisCounter busy;
  private final MillisCounter queueWait;
  private MillisCounter receive;
  private final long[] busyMicros = new long[BUBBLE_BATCHES];
  private final long[] bubbleMicros = new long[BUBBLE_BATCHES];
  private int next;
  private long previousEndMicros;
  private volatile double bubblePercent;

  /**
   * @param group metric group of the operator
   */
  public StageMetrics(MetricGroup group) {
    this.group = group;
    batches = group.counter("batches");
    chunks = group.counter("chunks");
    tokens = group.counter("tokens");
    group.meter("tokensPerSecond", new MeterView(tokens));
    Counter busyMillis = group.counter("computeBusyMs");
    busy = new MillisCounter(busyMillis);
    group.gauge("computeBusyPercent", new BusyPercent(new MeterView(busyMillis)));
    queueWait = new MillisCounter(group.counter("queueWaitMs"));
    gauge("bubblePercent", () -> bubblePercent);
  }

  /**
   * @param window the stage's window, shown as {@code batchesInFlight}
   */
  public void window(StageWindow<?> window) {
    gauge("batchesInFlight", window::inFlight);
  }

  /**
   * @param reader shown as {@code receivedBytes}; the time is shown as {@code receiveMs} then
   */
  public void reader(FrameReader reader) {
    receive = new MillisCounter(group.counter("receiveMs"));
    gauge("receivedBytes", reader::receivedBytes);
  }

  /**
   * @param writer shown as {@code sentBytes} and {@code sendMs}
   */
  public void writer(FrameWriter writer) {
    gauge("sentBytes", writer::sentBytes);
    gauge("sendMs", () -> TimeUnit.NANOSECONDS.toMillis(writer.sendNanos()));
  }

  /**
   * @param used KV pages handed out now; called by another thread, so of a volatile field
   * @param totalPages pages of the pool
   */
  public void kvPages(IntSupplier used, int totalPages) {
    gauge("kvPagesUsed", used::getAsInt);
    gauge("kvPagesTotal", () -> totalPages);
  }

  /**
   * A batch was computed.
   *
   * @param batch the batch
   * @param timing of this stage
   * @param inPipelineMicros since when the batch was in the pipeline: its dispatch to stage 0; on
   *     the head since when there was something to dispatch, if that is known, else its dispatch;
   *     microseconds since the epoch
   */
  public void computed(ChunkBatch batch, StageTiming timing, long inPipelineMicros) {
    batches.inc();
    chunks.inc(batch.segments().size());
    tokens.inc(batch.rows());
    long micros = Math.max(0, timing.endMicros() - timing.startMicros());
    busy.add(micros);
    queueWait.add(timing.startMicros() - timing.readyMicros());
    if (receive != null) {
      receive.add(timing.readyMicros() - timing.firstByteMicros());
    }
    busyMicros[next] = micros;
    bubbleMicros[next] =
        Math.max(0, timing.startMicros() - Math.max(previousEndMicros, inPipelineMicros));
    next = (next + 1) % BUBBLE_BATCHES;
    previousEndMicros = timing.endMicros();
    bubblePercent = percent();
  }

  /**
   * @return the share of time in which the stage was idle although it should not have been, percent
   */
  double bubblePercent() {
    return bubblePercent;
  }

  private double percent() {
    long sumBusy = 0;
    long sumBubble = 0;
    for (int i = 0; i < BUBBLE_BATCHES; i++) {
      sumBusy += busyMicros[i];
      sumBubble += bubbleMicros[i];
    }
    return sumBusy + sumBubble == 0 ? 0 : 100.0 * sumBubble / (sumBusy + sumBubble);
  }

  private <T> void gauge(String name, Gauge<T> gauge) {
    group.gauge(name, gauge);
  }

  /** A rate in milliseconds a second as percent; Flink updates it every five seconds. */
  private record BusyPercent(MeterView millisPerSecond) implements Gauge<Double>, View {
    private static final double MILLIS_PER_PERCENT_OF_A_SECOND = 10;

    @Override
    public Double getValue() {
      // A batch that began before the minute counts whole, so the rate may be above a second a
      // second.
      return Math.min(100, millisPerSecond.getRate() / MILLIS_PER_PERCENT_OF_A_SECOND);
    }

    @Override
    public void update() {
      millisPerSecond.update();
    }
  }

  /** Adds microseconds up, and counts the whole milliseconds of the sum. */
  private static final class MillisCounter {
    private final Counter millis;
    private long restMicros;

    private MillisCounter(Counter millis) {
      this.millis = millis;
    }

    private void add(long micros) {
      restMicros += Math.max(0, micros);
      millis.inc(restMicros / MICROS_PER_MILLI);
      restMicros %= MICROS_PER_MILLI;
    }
  }
}
