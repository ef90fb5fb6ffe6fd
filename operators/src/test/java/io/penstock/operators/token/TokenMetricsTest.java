package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.ResultStatus;
import io.penstock.schemas.TtftMs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

final class TokenMetricsTest {
  private final Map<String, Metric> shown = new HashMap<>();
  private final TokenMetrics metrics =
      new TokenMetrics(
          new UnregisteredMetricsGroup() {
            @Override
            public Counter counter(String name) {
              Counter counter = super.counter(name);
              shown.put(name, counter);
              return counter;
            }

            @Override
            public <H extends Histogram> H histogram(String name, H histogram) {
              shown.put(name, histogram);
              return histogram;
            }
          });

  private long count(String name) {
    return ((Counter) shown.get(name)).getCount();
  }

  private HistogramStatistics statistics(String name) {
    return ((Histogram) shown.get(name)).getStatistics();
  }

  private void result(ResultStatus status, int tokens, double queue, double compute, double rest) {
    metrics.count(
        PrefillResult.newBuilder()
            .setRequestId("a")
            .setStatus(status)
            .setCancelReason(null)
            .setModel("m")
            .setPromptTokens(tokens)
            .setCachedTokens(0)
            .setFirstTokenId(null)
            .setFirstTokenText(null)
            .setTopLogits(List.of())
            .setChunkTokens(List.of(tokens))
            .setChunkPolicy("fixed:512")
            .setTtftMs(new TtftMs(queue + compute + 3 * rest, queue, compute, rest, 2 * rest))
            .setStages(2)
            .setJobAttempt(0)
            .setMetadata(Map.of())
            .build());
  }

  @Test
  void everyPartOfTheTimeIsSummedUpAndTheMainOnesAreSpread() {
    result(ResultStatus.ok, 100, 10.4, 20, 0.3);
    result(ResultStatus.ok, 900, 30.4, 40, 0.3);
    assertThat(count("results")).isEqualTo(2);
    assertThat(count("promptTokens")).isEqualTo(1000);
    assertThat(count("ttftMsSum")).isEqualTo(102); // 31.3 + 71.3
    assertThat(count("ttftQueueMsSum")).isEqualTo(40); // 10.4 + 30.4
    assertThat(count("ttftComputeMsSum")).isEqualTo(60);
    assertThat(count("ttftTransferMsSum")).isZero(); // 0.3 + 0.3
    assertThat(count("ttftBubbleMsSum")).isEqualTo(1); // 0.6 + 0.6
    assertThat(statistics("ttftMs").getMax()).isEqualTo(71);
    assertThat(statistics("ttftQueueMs").getMin()).isEqualTo(10);
    assertThat(statistics("ttftPrefillMs").getMax()).isEqualTo(41);
    assertThat(statistics("ttftComputeMs").getQuantile(0.5)).isEqualTo(30);
  }

  @Test
  void aPromptGivenUpIsNoResult() {
    result(ResultStatus.cancelled, 100, 10, 20, 0);
    assertThat(count("cancelled")).isEqualTo(1);
    assertThat(count("results")).isZero();
    assertThat(count("promptTokens")).isZero();
    assertThat(count("ttftMsSum")).isZero();
    assertThat(statistics("ttftMs").size()).isZero();
  }
}
