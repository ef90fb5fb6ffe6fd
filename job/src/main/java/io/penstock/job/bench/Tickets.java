package io.penstock.job.bench;

import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ResultStatus;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** The prompts of one call of {@link Way#prefill}, by their request ids. Used by one thread. */
final class Tickets {
  private final String call = UUID.randomUUID().toString();
  private final Map<String, Integer> open = new HashMap<>();
  private final int[] firstTokens;
  private int next;

  /**
   * @param prompts how many there will be
   */
  Tickets(int prompts) {
    firstTokens = new int[prompts];
  }

  /**
   * @param tokenIds of the next prompt
   * @return its record
   */
  Prompt prompt(int[] tokenIds) {
    String requestId = call + "-" + next;
    open.put(requestId, next++);
    return Prompt.newBuilder()
        .setRequestId(requestId)
        .setTokenIds(Arrays.stream(tokenIds).boxed().toList())
        .build();
  }

  /**
   * @param result of any prompt; one of another call, or a second one, is left out
   * @throws IllegalStateException if a prompt of this call has no first token
   */
  void answer(PrefillResult result) {
    Integer index = open.remove(result.getRequestId());
    if (index == null) {
      return;
    }
    if (result.getStatus() != ResultStatus.ok) {
      throw new IllegalStateException("a prompt has no first token: " + result.getStatus());
    }
    firstTokens[index] = result.getFirstTokenId();
  }

  /**
   * @return prompts without an answer
   */
  int open() {
    return open.size();
  }

  /**
   * @return the first token of each, in order
   */
  int[] firstTokens() {
    return firstTokens;
  }
}
