package io.penstock.operators.admit;

import io.penstock.schemas.RecordHeader;
import java.util.List;
import java.util.Map;

/**
 * A prompt that was found good: it fits the model and the KV pool. The array is shared and not to
 * be changed.
 *
 * @param requestId names the prompt; not empty
 * @param routingKey the head's key; not empty
 * @param tokenIds its tokens, at least one, each in the vocabulary
 * @param topLogits how many of the largest logits to return
 * @param metadata the caller's labels
 * @param arrivalMillis timestamp of its record, milliseconds since the epoch; from 0 to the time at
 *     which it was admitted, whatever the record says
 * @param origin the record it came in: the head needs it to refuse a duplicate and keeps its {@link
 *     CarriedHeaders} alone
 */
public record AdmittedPrompt(
    String requestId,
    String routingKey,
    int[] tokenIds,
    int topLogits,
    Map<String, String> metadata,
    long arrivalMillis,
    SourceRecord origin) {

  /** Copies the map. */
  public AdmittedPrompt {
    metadata = Map.copyOf(metadata);
  }

  /**
   * @return headers of its record that go on to its result
   */
  public List<RecordHeader> headers() {
    return CarriedHeaders.of(origin.headers());
  }
}
