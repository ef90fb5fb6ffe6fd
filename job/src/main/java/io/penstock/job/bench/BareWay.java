package io.penstock.job.bench;

import io.penstock.job.PrefillPlan;
import io.penstock.operators.chunk.Chunker;
import io.penstock.operators.chunk.HeadSpec;
import io.penstock.operators.chunk.QueuedPrompt;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The baseline: the job's chunker and its stages in this process, with nothing between them. A
 * stage's activations are handed to the next one without a copy. The same batches as in the job,
 * the same worker thread for each stage, and as many batches in a stage at most; between two stages
 * wait at most {@value #BETWEEN_STAGES}, about what the job's network buffers hold.
 *
 * <p>The calling thread does what the job's task threads do; completions come to it by a queue.
 */
final class BareWay implements Way {
  private static final int BETWEEN_STAGES = 2;

  /** A batch that a stage has computed. */
  private record Done(int stage, StageResult result) {}

  /** Batches of one stage: those that wait for it, and how many are in it. */
  private static final class Lane {
    private final OpenStage open;
    private final ArrayDeque<StageResult> waiting = new ArrayDeque<>();
    private int inFlight;

    private Lane(OpenStage open) {
      this.open = open;
    }
  }

  private final HeadSpec spec;
  private final List<Lane> lanes = new ArrayList<>();
  private final BlockingQueue<Done> done = new LinkedBlockingQueue<>();
  private final Chunker chunker;
  private List<int[]> prompts;
  private int[] firstTokens;
  private int unanswered;
  private long arrivals;

  /**
   * Opens the stages, on the weights that this process has already if it has them.
   *
   * @param plan the job's
   * @param opener opens the stages
   * @throws IOException if the model cannot be read
   */
  BareWay(PrefillPlan plan, StageOpener opener) throws IOException {
    this.spec = plan.head();
    this.chunker = new Chunker(spec.limits(), spec.planner());
    try {
      for (int stage = 0; stage < plan.stages(); stage++) {
        lanes.add(new Lane(opener.open(plan.stage(stage), spec.maxInFlight())));
      }
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "bare";
  }

  @Override
  public int[] prefill(List<int[]> given) throws InterruptedException {
    prompts = given;
    firstTokens = new int[given.size()];
    unanswered = given.size();
    for (int prompt = 0; prompt < given.size(); prompt++) {
      int tokens = given.get(prompt).length;
      Chunker.Answer answer =
          chunker.add(new QueuedPrompt("" + prompt, "", arrivals++, 0, tokens, 0, 0), 0);
      if (answer != Chunker.Answer.QUEUED) {
        throw new IllegalStateException("prompt not taken: tokens=" + tokens + " " + answer);
      }
    }
    dispatch();
    while (unanswered > 0) {
      Done next = done.take();
      if (next.result().failure() != null) {
        throw new IllegalStateException(
            "stage failed: stage=" + next.stage(), next.result().failure());
      }
      completed(next);
      dispatch();
    }
    return firstTokens;
  }

  /** Cuts batches while the first stage has room for them. */
  private void dispatch() {
    Lane head = lanes.get(0);
    while (head.inFlight < spec.maxInFlight() && !runsAhead()) {
      Optional<Chunker.Cut> cut = chunker.nextBatch(0);
      if (cut.isEmpty()) {
        return;
      }
      submit(0, batch(cut.get()), null);
    }
  }

  private boolean runsAhead() {
    return lanes.stream().anyMatch(lane -> lane.waiting.size() >= BETWEEN_STAGES);
  }

  private ChunkBatch batch(Chunker.Cut cut) {
    int[] tokenIds = new int[cut.segments().stream().mapToInt(Segment::tokens).sum()];
    int row = 0;
    for (Segment segment : cut.segments()) {
      int[] ids = prompts.get(Integer.parseInt(segment.requestId()));
      System.arraycopy(ids, segment.prefixTokens(), tokenIds, row, segment.tokens());
      row += segment.tokens();
    }
    return new ChunkBatch(cut.sequence(), cut.segments(), tokenIds);
  }

  private void submit(int stage, ChunkBatch batch, Activations in) {
    Lane lane = lanes.get(stage);
    lane.inFlight++;
    lane.open.executor().submit(batch, in, result -> done.add(new Done(stage, result)));
  }

  private void completed(Done completed) {
    int stage = completed.stage();
    StageResult result = completed.result();
    lanes.get(stage).inFlight--;
    if (result.in() != null) {
      lanes.get(stage - 1).open.outputs().give(result.in());
    }
    if (result.out() == null) {
      answer(result);
    } else {
      lanes.get(stage + 1).waiting.add(result);
    }
    for (int next = 1; next < lanes.size(); next++) {
      Lane lane = lanes.get(next);
      while (lane.inFlight < spec.maxInFlight() && !lane.waiting.isEmpty()) {
        StageResult from = lane.waiting.remove();
        ChunkBatch batch = from.batch();
        submit(next, new ChunkBatch(batch.sequence(), batch.segments(), new int[0]), from.out());
      }
    }
  }

  private void answer(StageResult result) {
    int row = 0;
    for (Segment segment : result.batch().segments()) {
      if (segment.last()) {
        firstTokens[Integer.parseInt(segment.requestId())] = argmax(result.logits()[row++]);
        unanswered--;
      }
    }
  }

  private static int argmax(float[] logits) {
    int best = 0;
    for (int token = 1; token < logits.length; token++) {
      if (logits[token] > logits[best]) {
        best = token;
      }
    }
    return best;
  }

  @Override
  public Duration processorTime() {
    return ProcessorTime.ofThisProcess();
  }

  @Override
  public void close() {
    lanes.forEach(lane -> lane.open.close());
  }
}
