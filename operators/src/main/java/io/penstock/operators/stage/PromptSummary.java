package io.penstock.operators.stage;

import io.penstock.schemas.RecordHeader;
import java.util.List;
import java.util.Map;

/**
 * What the end of the pipeline must know of a prompt to write its result. Travels in the header of
 * the batch that holds the prompt's last chunk, and in the frame that aborts it.
 *
 * @param requestId the prompt
 * @param arrivalMillis timestamp of its Kafka record, milliseconds since the epoch
 * @param firstDispatchMicros when its first chunk was dispatched to stage 0, microseconds since the
 *     epoch; 0 if it never was
 * @param promptTokens tokens of the prompt
 * @param cachedTokens of these, tokens whose KV was there already
 * @param chunkTokens sizes of its chunks so far, in tokens, in order; not to be changed
 * @param topLogits how many of the largest logits to return
 * @param metadata the caller's labels
 * @param headers headers of its record that go on to its result
 * @param cancelReason reason of the cancel; null if there is none
 */
public record PromptSummary(
    String requestId,
    long arrivalMillis,
    long firstDispatchMicros,
    int promptTokens,
    int cachedTokens,
    int[] chunkTokens,
    int topLogits,
    Map<String, String> metadata,
    List<RecordHeader> headers,
    String cancelReason) {

  /** Copies map and list. */
  public PromptSummary {
    metadata = Map.copyOf(metadata);
    headers = List.copyOf(headers);
  }
}
