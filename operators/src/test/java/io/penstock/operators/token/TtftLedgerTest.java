package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.FrameKind;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageTiming;
import io.penstock.schemas.TtftMs;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** All times by hand. The prompt of most tests arrives at 1,000 ms. */
final class TtftLedgerTest {
  private final TtftLedger ledger = new TtftLedger();

  private static PromptSummary prompt(String id, long firstDispatchMillis) {
    return new PromptSummary(
        id, 1000, firstDispatchMillis * 1000, 7, 0, new int[] {7}, 0, Map.of(), List.of(), null);
  }

  private static StageTiming timing(int stage, long ready, long start, long end) {
    return new StageTiming(stage, (ready - 1) * 1000, ready * 1000, start * 1000, end * 1000);
  }

  private static FrameHeader batch(long sequence, List<StageTiming> timings, String... prompts) {
    List<Segment> segments = new ArrayList<>();
    for (String prompt : prompts) {
      segments.add(new Segment(prompt, 0, 1, new int[] {0}, false));
    }
    return new FrameHeader(FrameKind.ACTIVATIONS, sequence, segments, List.of(), timings);
  }

  private TtftMs close(String prompt, long dispatchMillis, long nowMillis) {
    return ledger.close(prompt(prompt, dispatchMillis), nowMillis * 1000);
  }

  @Test
  void oneStageHasNoTransfer() {
    // dispatched at 1,010; computed 1,010 to 1,030 and 1,035 to 1,050; result at 1,051
    ledger.book(batch(0, List.of(timing(0, 1010, 1010, 1030)), "a"));
    ledger.book(batch(1, List.of(timing(0, 1035, 1035, 1050)), "a"));
    assertThat(close("a", 1010, 1051)).isEqualTo(new TtftMs(51d, 10d, 35d, 0d, 6d));
    assertThat(ledger.open()).isZero();
  }

  @Test
  void transferIsWhatTheIdleLastStageWaitsForTheWire() {
    // batch 0: stage 0 ends at 1,030, ready on stage 1 at 1,034: 4 ms on the wire
    ledger.book(
        batch(0, Arrays.asList(timing(0, 1010, 1010, 1030), timing(1, 1034, 1035, 1055)), "a"));
    // batch 1: stage 0 ends at 1,050, ready at 1,053, but stage 1 is busy until 1,055: nothing
    // waited
    ledger.book(
        batch(1, Arrays.asList(timing(0, 1030, 1030, 1050), timing(1, 1053, 1055, 1075)), "a"));
    // batch 2: stage 0 ends at 1,070, ready at 1,078; stage 1 was idle from 1,075 on: 3 ms
    ledger.book(
        batch(2, Arrays.asList(timing(0, 1050, 1050, 1070), timing(1, 1078, 1078, 1090)), "a"));
    // total 95, queue 10, compute 20 + 20 + 12, transfer 4 + 0 + 3, the rest 26
    assertThat(close("a", 1010, 1095)).isEqualTo(new TtftMs(95d, 10d, 52d, 7d, 26d));
  }

  @Test
  void onlyTheStageBeforeTheLastCountsForTheWire() {
    ledger.book(
        batch(
            0,
            Arrays.asList(
                timing(0, 1000, 1000, 1010),
                timing(1, 1019, 1020, 1030),
                timing(2, 1032, 1032, 1040)),
            "a"));
    assertThat(close("a", 1000, 1040)).isEqualTo(new TtftMs(40d, 0d, 8d, 2d, 30d));
  }

  @Test
  void aBatchIsBookedOnEachOfItsPromptsOnce() {
    ledger.book(batch(0, List.of(timing(0, 1000, 1000, 1010)), "a", "b", "a"));
    assertThat(ledger.open()).isEqualTo(2);
    ledger.book(batch(1, List.of(timing(0, 1010, 1010, 1030)), "b"));
    assertThat(close("a", 1000, 1030)).isEqualTo(new TtftMs(30d, 0d, 10d, 0d, 20d));
    assertThat(close("b", 1000, 1030)).isEqualTo(new TtftMs(30d, 0d, 30d, 0d, 0d));
    assertThat(ledger.open()).isZero();
  }

  @Test
  void thePromptBeforeKeepsTheLastStageBusyForTheNextOne() {
    ledger.book(
        batch(0, Arrays.asList(timing(0, 1000, 1000, 1010), timing(1, 1011, 1011, 1040)), "a"));
    ledger.book(
        batch(1, Arrays.asList(timing(0, 1010, 1010, 1020), timing(1, 1021, 1040, 1050)), "b"));
    assertThat(close("b", 1010, 1050)).isEqualTo(new TtftMs(50d, 10d, 10d, 0d, 30d));
  }

  @Test
  void aPromptThatWasNeverDispatchedOnlyQueued() {
    assertThat(ledger.close(prompt("a", 0), 1_020_500))
        .isEqualTo(new TtftMs(20.5, 20.5, 0d, 0d, 0d));
  }

  @Test
  void aPromptGivenUpHalfWayKeepsItsParts() {
    ledger.book(batch(0, List.of(timing(0, 1010, 1010, 1020)), "a"));
    assertThat(close("a", 1010, 1025)).isEqualTo(new TtftMs(25d, 10d, 10d, 0d, 5d));
    assertThat(ledger.open()).isZero();
  }

  @Test
  void clocksThatDisagreeMakeNothingNegative() {
    ledger.book(
        batch(0, Arrays.asList(timing(0, 1000, 1000, 1010), timing(1, 900, 905, 930)), "a"));
    TtftMs split = close("a", 990, 931);
    assertThat(split).isEqualTo(new TtftMs(0d, 0d, 25d, 0d, 0d));
  }

  @Test
  void aBatchWithoutTimesIsRefused() {
    assertThatThrownBy(() -> ledger.book(batch(4, List.of(), "a")))
        .hasMessageContaining("sequence=4");
  }
}
