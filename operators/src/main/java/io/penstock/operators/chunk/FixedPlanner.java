package io.penstock.operators.chunk;

import io.penstock.udf.kv.KvLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Policy {@code fixed}: every batch has the same number of tokens, filled in order of arrival.
 * Prompts that fit whole share a batch; the first that does not is cut at a page boundary and ends
 * it.
 *
 * <pre>
 *   tokens = 512:  prompts a 100, b 1000  ─►  [ a 100 · b 384 ] [ b 512 ] [ b 104 … ]
 * </pre>
 */
public final class FixedPlanner implements Planner {
  private final int tokens;

  /**
   * @param tokens tokens of a batch, a multiple of the page size
   */
  public FixedPlanner(int tokens) {
    if (tokens < KvLayout.PAGE_TOKENS || tokens % KvLayout.PAGE_TOKENS != 0) {
      throw new IllegalArgumentException(
          "not a multiple of the page: tokens="
              + tokens
              + " pageTokens="
              + KvLayout.PAGE_TOKENS
              + "; see --chunked-prefill-size");
    }
    this.tokens = tokens;
  }

  @Override
  public List<Choice> next(Work work) {
    List<Choice> batch = new ArrayList<>();
    int left = Math.min(tokens, work.maxBatchTokens());
    List<Candidate> inOrder =
        Stream.<Candidate>concat(work.open().stream(), work.admissible().stream()).toList();
    for (Candidate prompt : inOrder) {
      int whole = prompt.remainingTokens();
      if (whole > left) {
        int cut = left / KvLayout.PAGE_TOKENS * KvLayout.PAGE_TOKENS;
        if (cut > 0) {
          batch.add(new Choice(prompt, cut));
        }
        break;
      }
      batch.add(new Choice(prompt, whole));
      left -= whole;
    }
    return batch;
  }
}
