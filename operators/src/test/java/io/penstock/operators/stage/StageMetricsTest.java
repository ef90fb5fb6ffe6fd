package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.View;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

final class StageMetricsTest {
  private final Map<String, Metric> shown = new HashMap<>();
  private final StageMetrics metrics =
      new StageMetrics(
          new UnregisteredMetricsGroup() {
            @Override
            public <C extends Counter> C counter(String name, C counter) {
              shown.put(name, counter);
              return counter;
            }

            @Override
            public Counter counter(String name) {
              return counter(name, super.counter(name));
            }

            @Override
            public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
              shown.put(name, gauge);
              return gauge;
            }
          });

  private void computed(
      long inPipeline, long firstByte, long ready, long start, long end, int... segmentTokens) {
    List<Segment> segments = new ArrayList<>();
    for (int tokens : segmentTokens) {
      segments.add(new Segment("p" + segments.size(), 0, tokens, new int[] {0}, false));
    }
    metrics.computed(
        new ChunkBatch(0, segments, new int[0]),
        new StageTiming(1, firstByte, ready, start, end),
        inPipeline);
  }

  private Object value(String name) {
    Metric metric = shown.get(name);
    return metric instanceof Counter counter ? counter.getCount() : ((Gauge<?>) metric).getValue();
  }

  @Test
  void countsAndTimesAddUp() {
    metrics.reader(new FrameReader(new Frames.Collected()));
    computed(0, 1_000, 3_500, 4_000, 24_600, 512, 64);
    computed(0, 5_000, 5_600, 24_600, 45_000, 100);
    assertThat(value("batches")).isEqualTo(2L);
    assertThat(value("chunks")).isEqualTo(3L);
    assertThat(value("tokens")).isEqualTo(676L);
    assertThat(value("computeBusyMs")).isEqualTo(41L); // 20.6 + 20.4
    assertThat(value("queueWaitMs")).isEqualTo(19L); // 0.5 + 19.0
    assertThat(value("receiveMs")).isEqualTo(3L); // 2.5 + 0.6
    assertThat(value("receivedBytes")).isEqualTo(0L);
  }

  @Test
  void busyIsAShareOfTheLastMinute() {
    View view = (View) shown.get("computeBusyPercent");
    view.update();
    computed(0, 0, 0, 0, 30_000_000, 512);
    for (int seconds = 0; seconds < 60; seconds += View.UPDATE_INTERVAL_SECONDS) {
      view.update();
    }
    assertThat((double) value("computeBusyPercent")).isEqualTo(50);
    computed(0, 0, 0, 0, 90_000_000, 512);
    view.update();
    assertThat((double) value("computeBusyPercent")).isEqualTo(100);
  }

  @Test
  void idleWithWorkInThePipelineIsABubbleAndIdleWithoutIsNot() {
    // in the pipeline at 0, computed 20 to 30: 20 idle, 10 busy
    computed(0, 19, 20, 20, 30, 1);
    assertThat(metrics.bubblePercent()).isCloseTo(100.0 * 20 / 30, within(1e-9));
    // nothing to do until 1,000; then computed 1,010 to 1,040: 10 idle, 30 busy
    computed(1000, 1009, 1010, 1010, 1040, 1);
    assertThat(metrics.bubblePercent()).isCloseTo(100.0 * 30 / 70, within(1e-9));
    // ready before the stage was
    computed(1005, 1011, 1012, 1040, 1050, 1);
    assertThat((double) value("bubblePercent")).isCloseTo(100.0 * 30 / 80, within(1e-9));
  }

  @Test
  void theBubbleIsThatOfTheLast64Batches() {
    computed(0, 1_000_000, 1_000_000, 1_000_000, 1_000_010, 1);
    for (int batch = 1; batch <= 64; batch++) {
      long start = 1_000_000 + batch * 10L;
      computed(0, start, start, start, start + 10, 1);
    }
    assertThat(metrics.bubblePercent()).isZero();
  }

  @Test
  void clocksThatDisagreeMakeNothingNegative() {
    computed(9_000_000, 5_000, 4_000, 3_000, 2_000, 1);
    assertThat(value("computeBusyMs")).isEqualTo(0L);
    assertThat(value("queueWaitMs")).isEqualTo(0L);
    assertThat(metrics.bubblePercent()).isZero();
  }

  @Test
  void theHeadShowsItsPages() {
    int[] used = {3};
    metrics.kvPages(() -> used[0], 100);
    used[0] = 7;
    assertThat(value("kvPagesUsed")).isEqualTo(7);
    assertThat(value("kvPagesTotal")).isEqualTo(100);
    computed(0, 0, 0, 0, 10, 1);
    assertThat(shown).doesNotContainKeys("receiveMs", "receivedBytes");
  }
}
