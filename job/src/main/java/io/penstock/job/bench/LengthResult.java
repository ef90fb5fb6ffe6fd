package io.penstock.job.bench;

import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Everything measured at one prompt length; sample k of each way is of round k.
 *
 * @param tokens of a prompt
 * @param prompts back to back in a round
 * @param ways in the order in which they took turns
 */
record LengthResult(int tokens, int prompts, List<WayResult> ways) {
  /**
   * One way.
   *
   * @param name its name
   * @param settings what it chose for this length; empty if there was nothing to choose
   * @param samples one for each round
   */
  record WayResult(String name, String settings, List<Sample> samples) {
    Spread spread(ToDoubleFunction<Sample> of) {
      return Spread.of(values(of));
    }

    List<Double> values(ToDoubleFunction<Sample> of) {
      return samples.stream().map(of::applyAsDouble).toList();
    }
  }

  /**
   * @param way one of the ways
   * @param baseline name of another
   * @return its tokens/s over those of the baseline in the same round; empty without that baseline
   */
  Optional<Spread> ratio(WayResult way, String baseline) {
    return ratio(way, baseline, Sample::tokensPerSecond);
  }

  /**
   * @param way one of the ways
   * @param baseline name of another
   * @return its processor time a token over that of the baseline in the same round
   */
  Optional<Spread> processorRatio(WayResult way, String baseline) {
    return ratio(way, baseline, Sample::processorMicrosPerToken);
  }

  private Optional<Spread> ratio(WayResult way, String baseline, ToDoubleFunction<Sample> of) {
    return ways.stream()
        .filter(other -> other.name().equals(baseline) && !baseline.equals(way.name()))
        .findFirst()
        .map(other -> Spread.ofRatios(way.values(of), other.values(of)));
  }
}
