package io.penstock.operators.chunk;

import io.penstock.schemas.RecordHeader;
import java.util.List;
import java.util.Map;

/**
 * What a prompt says, in keyed state: written once. Arrays are shared and not to be changed.
 *
 * @param tokenIds its tokens
 * @param topLogits how many of the largest logits to return
 * @param metadata the caller's labels
 * @param headers headers of its record that go on to its result
 */
public record PromptBody(
    int[] tokenIds, int topLogits, Map<String, String> metadata, List<RecordHeader> headers) {

  /** Copies map and list. */
  public PromptBody {
    metadata = Map.copyOf(metadata);
    headers = List.copyOf(headers);
  }
}
