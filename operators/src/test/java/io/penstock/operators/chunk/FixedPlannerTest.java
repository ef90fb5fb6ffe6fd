package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.chunk.Planner.Candidate;
import io.penstock.operators.chunk.Planner.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class FixedPlannerTest {

  private record Prompt(String requestId, long arrival, int tokens, int emittedTokens)
      implements Candidate {}

  private final List<Prompt> open = new ArrayList<>();
  private final List<Prompt> waiting = new ArrayList<>();

  private String plan(int tokens, int maxBatchTokens) {
    return new FixedPlanner(tokens)
        .next(new Work(open, waiting, waiting.size(), 0, maxBatchTokens)).stream()
            .map(choice -> choice.prompt().requestId() + ":" + choice.tokens())
            .collect(Collectors.joining(" "));
  }

  @Test
  void aLongPromptFillsTheBatch() {
    waiting.add(new Prompt("a", 0, 10_000, 0));
    waiting.add(new Prompt("b", 1, 10, 0));
    assertThat(plan(512, 4096)).isEqualTo("a:512");
  }

  @Test
  void shortPromptsShareABatchAndTheFirstThatDoesNotFitIsCutAtAPage() {
    open.add(new Prompt("a", 0, 612, 512));
    waiting.add(new Prompt("b", 1, 1000, 0));
    waiting.add(new Prompt("c", 2, 1, 0));
    assertThat(plan(512, 4096)).isEqualTo("a:100 b:384");
  }

  @Test
  void aPromptThatGetsNoWholePageWaitsAndNobodyOvertakesIt() {
    waiting.add(new Prompt("a", 0, 100, 0));
    waiting.add(new Prompt("b", 1, 65, 0));
    waiting.add(new Prompt("c", 2, 1, 0));
    assertThat(plan(128, 4096)).isEqualTo("a:100");
  }

  @Test
  void aBatchMayBeExactlyFull() {
    waiting.add(new Prompt("a", 0, 100, 0));
    waiting.add(new Prompt("b", 1, 28, 0));
    waiting.add(new Prompt("c", 2, 1, 0));
    assertThat(plan(128, 4096)).isEqualTo("a:100 b:28");
  }

  @Test
  void theStageHasTheLastWordOnTheSize() {
    waiting.add(new Prompt("a", 0, 1000, 0));
    assertThat(plan(512, 128)).isEqualTo("a:128");
  }

  @Test
  void sizesAreWholePages() {
    for (int wrong : new int[] {0, 63, 65, -64}) {
      assertThatThrownBy(() -> new FixedPlanner(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tokens=" + wrong)
          .hasMessageContaining("--chunked-prefill-size");
    }
  }

  @Test
  void theOptionIsFlooredToWholePagesAndIsAtLeastOne() {
    assertThat(spec(1).maxBatchTokens()).isEqualTo(64);
    assertThat(spec(127).maxBatchTokens()).isEqualTo(64);
    assertThat(spec(600).maxBatchTokens()).isEqualTo(576);
    assertThat(spec(600).describePolicy()).isEqualTo("fixed:576");
    assertThatThrownBy(() -> spec(0)).hasMessageContaining("chunkedPrefillTokens=0");
  }

  private static HeadSpec spec(int chunked) {
    return new HeadSpec(ChunkPolicy.FIXED, chunked, 8, 1000, 10, 2, 1000);
  }
}
