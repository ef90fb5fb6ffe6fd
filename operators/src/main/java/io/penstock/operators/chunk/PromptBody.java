package io.penstock.operators.chunk;

import java.util.Map;

/**
 * What a prompt says, in keyed state: written once. Arrays are shared and not to be changed.
 *
 * @param tokenIds its tokens
 * @param topLogits how many of the largest logits to return
 * @param metadata the caller's labels
 */
public record PromptBody(int[] tokenIds, int topLogits, Map<String, String> metadata) {

  /** Copies the map. */
  public PromptBody {
    metadata = Map.copyOf(metadata);
  }
}
