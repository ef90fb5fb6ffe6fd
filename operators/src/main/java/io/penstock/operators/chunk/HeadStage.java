package io.penstock.operators.chunk;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.admit.Labels;
import io.penstock.operators.stage.EpochClock;
import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.FrameKind;
import io.penstock.operators.stage.FrameWriter;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageMetrics;
import io.penstock.operators.stage.StageTiming;
import io.penstock.operators.stage.StageWindow;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.metrics.MetricGroup;

/**
 * Chunker, state of the prompts and stage 0 put together; the operator says when. All calls by the
 * mailbox thread.
 *
 * <p>A prompt leaves the state when its last chunk goes to stage 0, not when that is computed: the
 * stage is drained before a barrier, so what is in flight is in no checkpoint, and a checkpoint
 * that lacks the prompt has its result before the barrier.
 */
final class HeadStage implements AutoCloseable, StageWindow.Output<HeadStage.Leaving> {
  private static final int STAGE = 0;

  /**
   * What leaves the window as a frame.
   *
   * @param header of the frame
   * @param dispatchMicros when it entered the window
   * @param queuedMicros since when the head had the oldest prompt in it
   */
  record Leaving(FrameHeader header, long dispatchMicros, long queuedMicros) {}

  /** Is told that a batch has left. */
  @FunctionalInterface
  interface Room {
    void again() throws Exception;
  }

  private final HeadSpec spec;
  private final PromptStore store;
  private final OpenStage open;
  private final FrameWriter writer;
  private final Room room;
  private final Chunker chunker;
  private final StageWindow<Leaving> window;
  private final StageMetrics stageMetrics;
  private final HeadMetrics headMetrics;
  // Bodies of open prompts, so that they are read from state once.
  private final Map<String, PromptBody> bodies = new HashMap<>();
  private final List<QueuedPrompt> unfit = new ArrayList<>();
  private long nextArrival;

  HeadStage(
      HeadSpec spec,
      PromptStore store,
      OpenStage open,
      MailboxExecutor mailbox,
      FrameWriter writer,
      MetricGroup metrics,
      Room room) {
    this.spec = spec;
    this.store = store;
    this.open = open;
    this.writer = writer;
    this.room = room;
    this.chunker = new Chunker(spec.limits(), spec.planner());
    this.window = new StageWindow<>(STAGE, open, mailbox, spec.maxInFlight(), this);
    this.headMetrics = new HeadMetrics(metrics);
    this.stageMetrics = new StageMetrics(metrics);
    stageMetrics.writer(writer);
    stageMetrics.window(window);
    stageMetrics.kvPages(headMetrics::pagesUsed, spec.kvPages());
  }

  /** Rebuilds the index from the state. Open prompts start again at their first token. */
  void restore() throws Exception {
    long now = EpochClock.micros();
    for (PromptStore.Found found : store.findAll()) {
      Progress progress = found.progress();
      QueuedPrompt prompt =
          new QueuedPrompt(
              found.requestId(),
              found.routingKey(),
              progress.arrival(),
              progress.arrivalMillis(),
              progress.tokens(),
              labelBytes(found),
              now);
      nextArrival = Math.max(nextArrival, progress.arrival() + 1);
      Chunker.Answer answer = chunker.add(prompt, now);
      if (answer != Chunker.Answer.QUEUED) {
        // The job was started with a smaller pool, or with fewer replicas.
        prompt.cancelled(
            "does not fit the job any more after a restart: reason="
                + answer
                + " promptTokens="
                + prompt.tokens()
                + " kvPages="
                + spec.kvPages());
        unfit.add(prompt);
      }
    }
    headMetrics.update(chunker);
  }

  /** Gives up what the restored state held and this job cannot compute. */
  void abortUnfit() throws Exception {
    for (QueuedPrompt prompt : unfit) {
      leave(prompt, store.body(prompt));
    }
    unfit.clear();
  }

  boolean hasRoomFor(AdmittedPrompt prompt) {
    return chunker.hasRoomFor(prompt.tokenIds().length, labelBytes(prompt));
  }

  Chunker.Answer add(AdmittedPrompt admitted) throws Exception {
    long now = EpochClock.micros();
    QueuedPrompt prompt =
        new QueuedPrompt(
            admitted.requestId(),
            admitted.routingKey(),
            nextArrival,
            admitted.arrivalMillis(),
            admitted.tokenIds().length,
            labelBytes(admitted),
            now);
    PromptBody body =
        new PromptBody(
            admitted.tokenIds(), admitted.topLogits(), admitted.metadata(), admitted.headers());
    Chunker.Answer answer = chunker.add(prompt, now);
    switch (answer) {
      case QUEUED -> {
        nextArrival++;
        store.put(prompt, body);
      }
      case CANCELLED -> pass(prompt, body);
      case DUPLICATE, LONGER_THAN_POOL -> headMetrics.refused();
    }
    headMetrics.update(chunker);
    return answer;
  }

  void cancel(String requestId, String reason) throws Exception {
    Optional<QueuedPrompt> prompt = chunker.cancel(requestId, reason, EpochClock.micros());
    if (prompt.isPresent()) {
      PromptBody body = bodies.remove(requestId);
      leave(prompt.get(), body == null ? store.body(prompt.get()) : body);
    }
    headMetrics.update(chunker);
  }

  /** Whether there is a batch to dispatch and room for it. */
  boolean canDispatch() {
    return window.hasRoom() && chunker.hasWork();
  }

  /** Cuts one batch and submits it. */
  void dispatch() throws Exception {
    long now = EpochClock.micros();
    Optional<Chunker.Cut> next = chunker.nextBatch(now);
    if (next.isEmpty()) {
      return;
    }
    Chunker.Cut cut = next.get();
    int rows = cut.segments().stream().mapToInt(Segment::tokens).sum();
    int[] tokenIds = new int[rows];
    int row = 0;
    long queuedMicros = now;
    List<PromptSummary> ended = new ArrayList<>();
    for (int i = 0; i < cut.segments().size(); i++) {
      Segment segment = cut.segments().get(i);
      QueuedPrompt prompt = cut.prompts().get(i);
      PromptBody body = body(prompt);
      System.arraycopy(body.tokenIds(), segment.prefixTokens(), tokenIds, row, segment.tokens());
      row += segment.tokens();
      queuedMicros = Math.min(queuedMicros, prompt.queuedMicros());
      if (segment.last()) {
        ended.add(summary(prompt, body));
        bodies.remove(prompt.requestId());
        store.remove(prompt);
      } else {
        store.putProgress(prompt);
      }
    }
    ChunkBatch batch = new ChunkBatch(cut.sequence(), cut.segments(), tokenIds);
    window.submit(batch, null, new Leaving(FrameHeader.batch(batch, ended), now, queuedMicros));
    headMetrics.update(chunker);
  }

  /** Whether a prompt waits, is open, is in the stage, or is still to be given up. */
  boolean busy() {
    return chunker.hasWork() || !window.isEmpty() || !unfit.isEmpty();
  }

  /** Whether a prompt of that id waits or is open. */
  boolean knows(String requestId) {
    return chunker.knows(requestId);
  }

  /** Batches in the stage. */
  int inFlight() {
    return window.inFlight();
  }

  /** KV pages handed out. */
  int pagesUsed() {
    return chunker.pagesUsed();
  }

  /** Runs mails until nothing is in the stage; nothing is dispatched meanwhile. */
  void drain() throws InterruptedException {
    window.drain();
  }

  @Override
  public void batch(Leaving leaving, StageResult result) throws Exception {
    StageTiming timing =
        new StageTiming(
            STAGE,
            leaving.dispatchMicros(),
            leaving.dispatchMicros(),
            result.startMicros(),
            result.endMicros());
    writer.batch(leaving.header().with(timing), result, open.vocabSize());
    stageMetrics.computed(result.batch(), timing, leaving.queuedMicros());
  }

  @Override
  public void passed(Leaving leaving) throws Exception {
    if (leaving.header().kind() != FrameKind.ABORT) {
      throw new IllegalStateException("not an abort: kind=" + leaving.header().kind());
    }
    writer.abort(leaving.header());
  }

  @Override
  public void room() throws Exception {
    room.again();
  }

  @Override
  public void close() {
    window.close();
  }

  /**
   * The prompt leaves without a result: out of the state, and its abort behind what is in flight.
   */
  private void leave(QueuedPrompt prompt, PromptBody body) throws Exception {
    store.remove(prompt);
    pass(prompt, body);
  }

  private void pass(QueuedPrompt prompt, PromptBody body) throws Exception {
    long now = EpochClock.micros();
    headMetrics.cancelled();
    window.pass(new Leaving(FrameHeader.abort(summary(prompt, body)), now, now));
  }

  private PromptBody body(QueuedPrompt prompt) throws Exception {
    PromptBody body = bodies.get(prompt.requestId());
    if (body == null) {
      body = store.body(prompt);
      bodies.put(prompt.requestId(), body);
    }
    return body;
  }

  private long labelBytes(PromptStore.Found found) throws Exception {
    PromptBody body = store.body(found.routingKey(), found.requestId());
    return Labels.bytes(found.requestId(), found.routingKey(), body.metadata(), body.headers());
  }

  private static long labelBytes(AdmittedPrompt prompt) {
    return Labels.bytes(
        prompt.requestId(), prompt.routingKey(), prompt.metadata(), prompt.headers());
  }

  private static PromptSummary summary(QueuedPrompt prompt, PromptBody body) {
    return new PromptSummary(
        prompt.requestId(),
        prompt.arrivalMillis(),
        prompt.firstDispatchMicros(),
        prompt.tokens(),
        0,
        prompt.chunkTokens(),
        body.topLogits(),
        body.metadata(),
        body.headers(),
        prompt.cancelReason());
  }
}
