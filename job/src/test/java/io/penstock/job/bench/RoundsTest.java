package io.penstock.job.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
  private final List<String> calls = new ArrayList<>();
  private final StringWriter err = new StringWriter();

  /** Answers with the first token id of each prompt plus an error. */
  private final class FakeWay implements Way {
    private final String name;
    private final boolean exact;
    private final int error;

    private FakeWay(String name, boolean exact, int error) {
      this.name = name;
      this.exact = exact;
      this.error = error;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public boolean exact() {
      return exact;
    }

    @Override
    public int[] prefill(List<int[]> prompts) {
      calls.add(name + prompts.size());
      return prompts.stream().mapToInt(prompt -> prompt[0] + error).toArray();
    }

    @Override
    public Duration processorTime() {
      return Duration.ofMillis(calls.size());
    }

    @Override
    public void close() {
      calls.add("close " + name);
    }
  }

  private LengthResult measure(Way... ways) throws Exception {
    Progress progress = Progress.of(new PrintWriter(err, true), Rounds.steps(ways.length, 2));
    return new Rounds(List.of(ways), 2, progress).measure(10, 3, 50);
  }

  @Test
  void waysTakeTurnsAfterTheirWarmUp() throws Exception {
    LengthResult result = measure(new FakeWay("a", true, 0), new FakeWay("b", true, 0));
    assertThat(calls).containsExactly("a3", "b3", "a1", "a3", "b1", "b3", "a1", "a3", "b1", "b3");
    assertThat(result.ways()).extracting(LengthResult.WayResult::name).containsExactly("a", "b");
    assertThat(result.ways()).allMatch(way -> way.samples().size() == 2);
    // one millisecond for each call, and 30 tokens
    assertThat(result.ways().get(0).samples().get(0).processorMicrosPerToken())
        .isEqualTo(1000.0 / 30);
    assertThat(result.ratio(result.ways().get(1), "a")).isPresent();
    assertThat(result.ratio(result.ways().get(1), "b")).isEmpty();
    assertThat(err.toString())
        .startsWith("[1/6] a, 10 tokens, warm-up")
        .contains("[6/6] b, 10 tokens, round 2 of 2");
  }

  @Test
  void exactWaysMustAgree() {
    assertThatThrownBy(() -> measure(new FakeWay("a", true, 0), new FakeWay("b", true, 1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("first tokens differ")
        .hasMessageContaining("way=b");
  }

  @Test
  void othersNeedNotAgree() throws Exception {
    assertThat(measure(new FakeWay("a", true, 0), new FakeWay("peer", false, 1)).ways()).hasSize(2);
  }
}
