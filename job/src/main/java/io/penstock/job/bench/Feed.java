package io.penstock.job.bench;

import io.penstock.operators.admit.SourceRecord;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.PrefillResult;
import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Prompts into and answers out of a job of this process. Source and sinks find it by name.
 * Thread-safe.
 */
final class Feed implements AutoCloseable {
  private static final Map<String, Feed> OPEN = new ConcurrentHashMap<>();

  private final String name;
  private final Queue<SourceRecord> prompts = new ConcurrentLinkedQueue<>();
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private CompletableFuture<Void> available = new CompletableFuture<>();
  private volatile boolean ended;

  /**
   * What became of a prompt.
   *
   * @param result its result; null if it was refused
   * @param refused why it was refused; null if it has a result
   */
  record Answer(PrefillResult result, DeadLetter refused) {}

  /**
   * @param name not in use
   */
  Feed(String name) {
    this.name = name;
    if (OPEN.putIfAbsent(name, this) != null) {
      throw new IllegalStateException("already open: name=" + name);
    }
  }

  /**
   * @param name of an open feed
   * @return the feed
   * @throws IOException if it is not open in this process
   */
  static Feed find(String name) throws IOException {
    Feed feed = OPEN.get(name);
    if (feed == null) {
      throw new IOException("not open in this process: feed=" + name);
    }
    return feed;
  }

  /**
   * @param prompt goes into the job
   */
  synchronized void send(SourceRecord prompt) {
    prompts.add(prompt);
    available.complete(null);
  }

  /** No prompt comes any more: the job ends. */
  synchronized void end() {
    ended = true;
    available.complete(null);
  }

  /**
   * @return the next prompt; null if there is none now
   */
  SourceRecord poll() {
    return prompts.poll();
  }

  /**
   * @return whether the job is to end when no prompt is left
   */
  boolean ended() {
    return ended;
  }

  /**
   * @return completes when there is a prompt, or the end
   */
  synchronized CompletableFuture<Void> available() {
    if (prompts.isEmpty() && !ended && available.isDone()) {
      available = new CompletableFuture<>();
    }
    return available;
  }

  /**
   * @param answer comes out of the job
   */
  void answer(Answer answer) {
    answers.add(answer);
  }

  /**
   * @return answers that came out and were not taken yet
   */
  BlockingQueue<Answer> answers() {
    return answers;
  }

  @Override
  public void close() {
    OPEN.remove(name, this);
  }
}
