package io.penstock.job.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Measures ways at one prompt length. Prompts are random token ids, the same in every round and for
 * every way. Each way is warmed up with a whole round first; then the ways take turns, so that what
 * the machine does meanwhile falls on all of them alike. Ways that compute the same must give the
 * same first tokens.
 */
final class Rounds {
  private static final long SEED = 1;

  private final List<Way> ways;
  private final int rounds;
  private final Progress progress;

  /**
   * @param ways open; stay the caller's
   * @param rounds how often each is measured, at least 1
   * @param progress is told each step
   */
  Rounds(List<Way> ways, int rounds, Progress progress) {
    this.ways = ways;
    this.rounds = rounds;
    this.progress = progress;
  }

  /**
   * @param ways how many ways
   * @param rounds how many rounds
   * @return steps that {@link #measure} tells its progress
   */
  static int steps(int ways, int rounds) {
    return ways * (rounds + 1);
  }

  /**
   * @param tokens of a prompt
   * @param prompts how many back to back
   * @param vocabSize ids are below it
   * @return what was measured
   * @throws Exception what a way throws
   * @throws IllegalStateException if ways disagree about a first token
   */
  LengthResult measure(int tokens, int prompts, int vocabSize) throws Exception {
    Random random = new Random(SEED);
    List<int[]> load = new ArrayList<>();
    for (int prompt = 0; prompt < prompts; prompt++) {
      load.add(random.ints(tokens, 0, vocabSize).toArray());
    }
    List<List<Sample>> samples = new ArrayList<>();
    int[] expected = null;
    for (Way way : ways) {
      progress.step(way.name() + ", " + tokens + " tokens, warm-up");
      way.prepare(load.get(0));
      int[] firstTokens = way.prefill(load);
      if (way.exact()) {
        check(way, expected, firstTokens);
        expected = firstTokens;
      }
      samples.add(new ArrayList<>());
    }
    for (int round = 0; round < rounds; round++) {
      for (int index = 0; index < ways.size(); index++) {
        Way way = ways.get(index);
        progress.step(
            way.name() + ", " + tokens + " tokens, round " + (round + 1) + " of " + rounds);
        samples.get(index).add(sample(way, load, way.exact() ? expected : null));
      }
    }
    List<LengthResult.WayResult> results = new ArrayList<>();
    for (int index = 0; index < ways.size(); index++) {
      Way way = ways.get(index);
      results.add(new LengthResult.WayResult(way.name(), way.settings(), samples.get(index)));
    }
    return new LengthResult(tokens, prompts, results);
  }

  private static Sample sample(Way way, List<int[]> load, int[] expected) throws Exception {
    long start = System.nanoTime();
    int[] alone = way.prefill(load.subList(0, 1));
    long ttft = System.nanoTime() - start;

    Duration processorBefore = way.processorTime();
    start = System.nanoTime();
    int[] firstTokens = way.prefill(load);
    long nanos = System.nanoTime() - start;
    Duration processor = way.processorTime().minus(processorBefore);

    check(way, expected, firstTokens);
    check(way, Arrays.copyOf(firstTokens, 1), alone);
    double tokens = load.stream().mapToInt(prompt -> prompt.length).sum();
    return new Sample(tokens / nanos * 1e9, ttft / 1e6, processor.toNanos() / 1e3 / tokens);
  }

  private static void check(Way way, int[] expected, int[] firstTokens) {
    if (expected != null && !Arrays.equals(expected, firstTokens)) {
      throw new IllegalStateException(
          "first tokens differ between two runs of the same prompts: way="
              + way.name()
              + " prompts="
              + firstTokens.length
              + "; this must not be, please report it");
    }
  }
}
