package io.penstock.operators.chunk;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;

/**
 * The prompts that wait or are open, in keyed state: key is the routing key, and within it two maps
 * by request id. Bodies are large and never change, progress is small and changes with every chunk;
 * kept apart, so that the one is not copied with the other.
 *
 * <p>Mails have no key, and while a record waits its turn the key may become another's: every
 * method sets the key that it needs. Used by the mailbox thread.
 */
final class PromptStore {
  private static final String BODIES = "prompt-bodies";
  private static final String PROGRESS = "prompt-progress";

  /**
   * A prompt found in restored state.
   *
   * @param requestId names it
   * @param routingKey its key
   * @param progress where it stood
   */
  record Found(String requestId, String routingKey, Progress progress) {}

  private final KeyedStateBackend<String> backend;
  private final MapState<String, PromptBody> bodies;
  private final MapState<String, Progress> progress;

  PromptStore(KeyedStateBackend<String> backend, KeyedStateStore states) {
    this.backend = backend;
    this.bodies =
        states.getMapState(
            new MapStateDescriptor<>(
                BODIES, StringSerializer.INSTANCE, new PromptBodySerializer()));
    this.progress =
        states.getMapState(
            new MapStateDescriptor<>(
                PROGRESS, StringSerializer.INSTANCE, new ProgressSerializer()));
  }

  void put(QueuedPrompt prompt, PromptBody body) throws Exception {
    backend.setCurrentKey(prompt.routingKey());
    bodies.put(prompt.requestId(), body);
    progress.put(prompt.requestId(), progressOf(prompt));
  }

  PromptBody body(QueuedPrompt prompt) throws Exception {
    return body(prompt.routingKey(), prompt.requestId());
  }

  PromptBody body(String routingKey, String requestId) throws Exception {
    backend.setCurrentKey(routingKey);
    return bodies.get(requestId);
  }

  void putProgress(QueuedPrompt prompt) throws Exception {
    backend.setCurrentKey(prompt.routingKey());
    progress.put(prompt.requestId(), progressOf(prompt));
  }

  void remove(QueuedPrompt prompt) throws Exception {
    backend.setCurrentKey(prompt.routingKey());
    bodies.remove(prompt.requestId());
    progress.remove(prompt.requestId());
  }

  /** All prompts of all keys, in order of arrival. */
  List<Found> findAll() throws Exception {
    List<String> keys;
    try (Stream<String> stream = backend.getKeys(PROGRESS, VoidNamespace.INSTANCE)) {
      // Collected before a key is set: the stream reads the backend as it goes.
      keys = stream.toList();
    }
    List<Found> found = new ArrayList<>();
    for (String key : keys) {
      backend.setCurrentKey(key);
      for (Map.Entry<String, Progress> entry : progress.entries()) {
        found.add(new Found(entry.getKey(), key, entry.getValue()));
      }
    }
    // Subtasks count arrivals apart, so after rescaling two may share a number.
    found.sort(
        Comparator.comparingLong((Found prompt) -> prompt.progress().arrival())
            .thenComparing(prompt -> prompt.progress().arrivalMillis())
            .thenComparing(Found::requestId));
    return found;
  }

  private static Progress progressOf(QueuedPrompt prompt) {
    return new Progress(
        prompt.arrival(),
        prompt.arrivalMillis(),
        prompt.tokens(),
        prompt.emittedTokens() > 0,
        prompt.emittedTokens());
  }
}
