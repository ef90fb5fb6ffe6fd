package io.penstock.job.bench;

import io.penstock.job.PrefillPlan;
import io.penstock.job.RefusedException;
import java.util.HashSet;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What to measure and how often. Filled by picocli. */
final class BenchOptions {
  /** Tokens of a round, unless {@code --prompts} says how many prompts: some ten seconds. */
  private static final int ROUND_TOKENS = 16_384;

  private static final int FEWEST_PROMPTS = 2;

  @Option(
      names = "--tokens",
      defaultValue = "512,2048,8000",
      split = ",",
      paramLabel = "N",
      description = "Prompt lengths, with commas between.")
  private List<Integer> tokens;

  @Option(
      names = "--through",
      defaultValue = "bare,local,cluster",
      split = ",",
      paramLabel = "WAY",
      description =
          "What prompts go through: ${COMPLETION-CANDIDATES}. bare: the stages alone, in one process;"
              + " local: the job in one process, as 'penstock local' has it; cluster: the job on Flink's"
              + " processes, by Kafka.")
  private List<Through> through;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      description =
          "Prompts of a round, back to back. Default: as many as make 16,384 tokens, at least 2.")
  private Integer prompts;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      description =
          "Rounds of each way, after one that warms up. Take 7 or more for a cost of a few"
              + " percent.")
  private int rounds;

  @Option(
      names = "--peer",
      split = ",",
      converter = Peer.Converter.class,
      paramLabel = "PEER",
      showDefaultValue = Visibility.NEVER,
      description =
          "Measure in turns with llama.cpp (weights as q4_0) or llama.cpp:q8_0, with the best of its"
              + " settings at each length. Needs Node.js, and a GGUF file as the model.")
  private List<Peer> peers = List.of();

  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean json;

  /**
   * @param line for messages
   * @throws ParameterException with option and value
   */
  void check(CommandLine line) {
    require(line, rounds >= 1, "--rounds=" + rounds + " must be at least 1");
    require(line, prompts == null || prompts >= 1, "--prompts=" + prompts + " must be at least 1");
    for (int length : tokens) {
      require(line, length >= 1, "--tokens=" + length + " must be at least 1");
    }
    once(line, "--tokens", tokens);
    once(line, "--through", through);
    once(line, "--peer", peers);
  }

  private static void once(CommandLine line, String option, List<?> values) {
    require(
        line,
        new HashSet<>(values).size() == values.size(),
        option + " names something twice: " + values);
  }

  private static void require(CommandLine line, boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(line, message);
    }
  }

  /**
   * @param plan the job's
   * @throws RefusedException if a prompt is too long for the model or the KV cache
   */
  void checkFit(PrefillPlan plan) throws RefusedException {
    int most = Math.min(plan.model().contextTokens(), plan.kvTokens());
    for (int length : tokens) {
      if (length > most) {
        throw new RefusedException(
            "--tokens="
                + length
                + " is more than fits: context="
                + plan.model().contextTokens()
                + " kvTokens="
                + plan.kvTokens()
                + " (see --max-total-tokens)");
      }
    }
  }

  /**
   * @return {@code --tokens}
   */
  List<Integer> tokens() {
    return tokens;
  }

  /**
   * @return {@code --through}
   */
  List<Through> through() {
    return through;
  }

  /**
   * @param length tokens of a prompt
   * @return prompts of a round
   */
  int prompts(int length) {
    return prompts == null ? Math.max(FEWEST_PROMPTS, ROUND_TOKENS / length) : prompts;
  }

  /**
   * @return {@code --rounds}
   */
  int rounds() {
    return rounds;
  }

  /**
   * @return {@code --peer}
   */
  List<Peer> peers() {
    return peers;
  }

  /**
   * @return {@code --json}
   */
  boolean json() {
    return json;
  }
}
