package io.penstock.operators.chunk;

import io.penstock.operators.chunk.Planner.Choice;
import io.penstock.operators.chunk.Planner.Work;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides what is computed next, and where its KV goes: the one place where that is decided.
 *
 * <pre>
 *   add ─► waiting ──(in order of arrival, when it fits)──► open ──(last chunk cut)──► gone
 *             └──────────────── cancel ──────────────────────┘
 *   nextBatch: planner chooses tokens of open prompts, and of waiting ones, which opens them
 * </pre>
 *
 * <ul>
 *   <li>Prompts are opened strictly in order of arrival: a large one that does not fit yet holds up
 *       those behind it, and so is never starved.
 *   <li>At most {@link Limits#maxOpenPrompts} are open, and the pages that all tokens of the open
 *       prompts need are at most the pool's. So an open prompt always gets its pages.
 *   <li>Pages are taken chunk by chunk, and freed when the prompt's last chunk is cut or it is
 *       cancelled. They may go to another prompt at once, in the next batch: order is order, see
 *       {@link PageAllocator}. They never go to another prompt in the same batch.
 * </ul>
 *
 * Pure; times are passed in, microseconds since the epoch. Used by one thread.
 */
public final class Chunker {
  private static final int OVERHEAD_BYTES = 512;

  /**
   * What the chunker keeps to.
   *
   * @param maxOpenPrompts most open prompts
   * @param kvPages pages of the pool
   * @param maxBatchTokens most rows of a batch
   * @param maxQueuedBytes most bytes of waiting prompts, as {@link #bytesOf} counts them
   */
  public record Limits(int maxOpenPrompts, int kvPages, int maxBatchTokens, long maxQueuedBytes) {}

  /** What became of a prompt that was added. */
  public enum Answer {
    /** It waits. */
    QUEUED,
    /** Refused: a prompt of that id waits or is open. */
    DUPLICATE,
    /** Refused: it needs more pages than there are. */
    LONGER_THAN_POOL,
    /** Not added: its cancel had come before it; see {@link QueuedPrompt#cancelReason}. */
    CANCELLED
  }

  /**
   * A batch, cut.
   *
   * @param sequence its number, from 0, without gaps
   * @param segments its segments, in row order
   * @param prompts the prompt of each segment
   */
  public record Cut(long sequence, List<Segment> segments, List<QueuedPrompt> prompts) {

    /** Copies the lists. */
    public Cut {
      segments = List.copyOf(segments);
      prompts = List.copyOf(prompts);
    }
  }

  private final Limits limits;
  private final Planner planner;
  private final PageAllocator pages;
  private final CancelMemory cancels = new CancelMemory();
  // Both in order of arrival.
  private final Map<String, QueuedPrompt> waiting = new LinkedHashMap<>();
  private final Map<String, QueuedPrompt> open = new LinkedHashMap<>();
  private long queuedBytes;
  private long queuedTokens;
  private int promisedPages;
  private long nextSequence;

  /**
   * @param limits what to keep to
   * @param planner chooses the batches
   */
  public Chunker(Limits limits, Planner planner) {
    this.limits = limits;
    this.planner = planner;
    this.pages = new PageAllocator(limits.kvPages());
  }

  /**
   * @param tokens tokens of a prompt
   * @param labelBytes bytes of its id, routing key, metadata and carried headers
   * @return about how many bytes it takes while it waits
   */
  public static long bytesOf(int tokens, long labelBytes) {
    return (long) Integer.BYTES * tokens + labelBytes + OVERHEAD_BYTES;
  }

  /**
   * @param tokens tokens of a prompt
   * @param labelBytes bytes of its id, routing key, metadata and carried headers
   * @return whether it may be added now; true for any if none waits
   */
  public boolean hasRoomFor(int tokens, long labelBytes) {
    return waiting.isEmpty()
        || queuedBytes + bytesOf(tokens, labelBytes) <= limits.maxQueuedBytes();
  }

  /**
   * Adds a prompt behind all others.
   *
   * @param prompt the prompt; arrived after all that were added before
   * @param nowMicros time now
   * @return what became of it; the chunker keeps it only if it is queued
   */
  public Answer add(QueuedPrompt prompt, long nowMicros) {
    if (knows(prompt.requestId())) {
      return Answer.DUPLICATE;
    }
    if (prompt.pagesNeeded() > limits.kvPages()) {
      return Answer.LONGER_THAN_POOL;
    }
    Optional<CancelMemory.Remembered> cancel = cancels.take(prompt.requestId(), nowMicros);
    if (cancel.isPresent()) {
      prompt.cancelled(cancel.get().reason());
      return Answer.CANCELLED;
    }
    waiting.put(prompt.requestId(), prompt);
    queuedBytes += bytesOf(prompt.tokens(), prompt.labelBytes());
    queuedTokens += prompt.tokens();
    return Answer.QUEUED;
  }

  /**
   * Gives a prompt up, if it waits or is open; its pages are free then. If not, the cancel is
   * remembered for a minute and applied to the prompt of that id, should one be added.
   *
   * @param requestId the prompt
   * @param reason why; may be null
   * @param nowMicros time now
   * @return the prompt, if it was there
   */
  public Optional<QueuedPrompt> cancel(String requestId, String reason, long nowMicros) {
    QueuedPrompt prompt = open.remove(requestId);
    if (prompt != null) {
      close(prompt);
    } else {
      prompt = waiting.remove(requestId);
      if (prompt == null) {
        cancels.remember(requestId, reason, nowMicros);
        return Optional.empty();
      }
      noLongerQueued(prompt);
    }
    prompt.cancelled(reason);
    return Optional.of(prompt);
  }

  /**
   * Cuts the next batch. A prompt whose last chunk is in it is gone.
   *
   * @param nowMicros time now
   * @return the batch; empty if there is no prompt
   * @throws IllegalStateException if the planner broke its rules
   */
  public Optional<Cut> nextBatch(long nowMicros) {
    List<QueuedPrompt> admissible = admissible();
    if (open.isEmpty() && admissible.isEmpty()) {
      return Optional.empty();
    }
    List<Choice> choices =
        planner.next(
            new Work(
                List.copyOf(open.values()),
                admissible,
                waiting.size(),
                queuedTokens,
                limits.maxBatchTokens()));
    List<Segment> segments = new ArrayList<>();
    List<QueuedPrompt> prompts = new ArrayList<>();
    int left = limits.maxBatchTokens();
    for (Choice choice : choices) {
      QueuedPrompt prompt = opened(choice, admissible);
      check(choice, prompt, left, prompts);
      left -= choice.tokens();
      prompts.add(prompt);
      segments.add(cut(prompt, choice.tokens(), nowMicros));
    }
    if (segments.isEmpty()) {
      throw new IllegalStateException(
          "planner chose nothing: open=" + open.size() + " admissible=" + admissible.size());
    }
    for (int i = 0; i < prompts.size(); i++) {
      if (segments.get(i).last()) {
        open.remove(prompts.get(i).requestId());
        close(prompts.get(i));
      }
    }
    return Optional.of(new Cut(nextSequence++, segments, prompts));
  }

  /**
   * @param requestId an id
   * @return whether a prompt of that id waits or is open
   */
  public boolean knows(String requestId) {
    return waiting.containsKey(requestId) || open.containsKey(requestId);
  }

  /**
   * @return whether a prompt waits or is open, so whether there is a next batch
   */
  public boolean hasWork() {
    return !waiting.isEmpty() || !open.isEmpty();
  }

  /**
   * @return prompts that wait
   */
  public int queuedPrompts() {
    return waiting.size();
  }

  /**
   * @return bytes of the prompts that wait, as {@link #bytesOf} counts them
   */
  public long queuedBytes() {
    return queuedBytes;
  }

  /**
   * @return open prompts
   */
  public int openPrompts() {
    return open.size();
  }

  /**
   * @return KV pages handed out
   */
  public int pagesUsed() {
    return pages.used();
  }

  /** The waiting prompts that could all be opened now, none left out. */
  private List<QueuedPrompt> admissible() {
    List<QueuedPrompt> fitting = new ArrayList<>();
    int room = limits.maxOpenPrompts() - open.size();
    int pagesLeft = limits.kvPages() - promisedPages;
    for (QueuedPrompt prompt : waiting.values()) {
      pagesLeft -= prompt.pagesNeeded();
      if (fitting.size() >= room || pagesLeft < 0) {
        break;
      }
      fitting.add(prompt);
    }
    return fitting;
  }

  private QueuedPrompt opened(Choice choice, List<QueuedPrompt> admissible) {
    String requestId = choice.prompt().requestId();
    QueuedPrompt prompt = open.get(requestId);
    if (prompt != null) {
      return prompt;
    }
    QueuedPrompt oldest = waiting.isEmpty() ? null : waiting.values().iterator().next();
    if (oldest == null || !oldest.requestId().equals(requestId) || !admissible.contains(oldest)) {
      throw new IllegalStateException(
          "planner chose a prompt out of turn: requestId="
              + requestId
              + " oldestWaiting="
              + (oldest == null ? null : oldest.requestId())
              + " admissible="
              + admissible.size());
    }
    waiting.remove(requestId);
    noLongerQueued(oldest);
    open.put(requestId, oldest);
    promisedPages += oldest.pagesNeeded();
    return oldest;
  }

  private static void check(
      Choice choice, QueuedPrompt prompt, int left, List<QueuedPrompt> chosenBefore) {
    int tokens = choice.tokens();
    boolean whole = tokens == prompt.remainingTokens();
    if (tokens < 1
        || tokens > left
        || tokens > prompt.remainingTokens()
        || (!whole && tokens % KvLayout.PAGE_TOKENS != 0)
        || chosenBefore.contains(prompt)) {
      throw new IllegalStateException(
          "planner chose what cannot be: requestId="
              + prompt.requestId()
              + " tokens="
              + tokens
              + " remainingTokens="
              + prompt.remainingTokens()
              + " tokensLeftInBatch="
              + left
              + " pageTokens="
              + KvLayout.PAGE_TOKENS
              + " chosenTwice="
              + chosenBefore.contains(prompt));
    }
  }

  private Segment cut(QueuedPrompt prompt, int tokens, long nowMicros) {
    int prefix = prompt.emittedTokens();
    prompt.advance(tokens, nowMicros, pages);
    return new Segment(
        prompt.requestId(), prefix, tokens, prompt.pageTable(), prompt.remainingTokens() == 0);
  }

  private void close(QueuedPrompt prompt) {
    prompt.givePages(pages);
    promisedPages -= prompt.pagesNeeded();
  }

  private void noLongerQueued(QueuedPrompt prompt) {
    queuedBytes -= bytesOf(prompt.tokens(), prompt.labelBytes());
    queuedTokens -= prompt.tokens();
  }
}
