package io.penstock.operators.chunk;

import java.util.List;

/**
 * Chooses the next batch under a budget; what the budget is (tokens, predicted time) is the
 * policy's own business. Pure: what it returns depends on its arguments and on what it was made
 * with, and it changes nothing. The chunker asks anew for each batch, when stage 0 has room, so the
 * choice is made as late as it can be; and it refuses a choice that breaks the rules below.
 */
public interface Planner {

  /** A prompt as a planner sees it. */
  interface Candidate {

    /**
     * @return names it
     */
    String requestId();

    /**
     * @return place in the order of arrival
     */
    long arrival();

    /**
     * @return tokens of the prompt
     */
    int tokens();

    /**
     * @return tokens that were cut into chunks already, from its beginning
     */
    int emittedTokens();

    /**
     * @return tokens still to be cut
     */
    default int remainingTokens() {
      return tokens() - emittedTokens();
    }
  }

  /**
   * What there is to choose from.
   *
   * @param open prompts that have pages already, in order of arrival; any of them may be chosen
   * @param admissible waiting prompts that could be opened now, all of them together, in order of
   *     arrival; a batch may open the first few of them, none left out
   * @param waitingPrompts how many prompts wait, these included
   * @param waitingTokens their tokens
   * @param maxBatchTokens most rows that a stage takes
   */
  record Work(
      List<? extends Candidate> open,
      List<? extends Candidate> admissible,
      int waitingPrompts,
      long waitingTokens,
      int maxBatchTokens) {

    /** Copies the lists. */
    public Work {
      open = List.copyOf(open);
      admissible = List.copyOf(admissible);
    }
  }

  /**
   * The next tokens of one prompt.
   *
   * @param prompt one of the work's prompts
   * @param tokens how many, at least 1; a multiple of the page size unless they are the prompt's
   *     last
   */
  record Choice(Candidate prompt, int tokens) {}

  /**
   * @param work what there is; at least one prompt is open or admissible
   * @return the batch in row order: at least one choice, each prompt at most once, at most {@link
   *     Work#maxBatchTokens} tokens in all
   */
  List<Choice> next(Work work);
}
