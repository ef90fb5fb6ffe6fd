package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.model.LayerRange;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageProgram;
import io.penstock.udf.stage.StageSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A stage whose computing a test holds and lets go. It adds 1 to every element; the first stage
 * makes the rows of token ids, the last one gives the last row of each prompt as its first logits.
 */
public final class FakeStage implements StageProgram {
  /** Columns of the activations. */
  public static final int HIDDEN = 16;

  /** Width of the logits. */
  public static final int VOCAB = 40;

  /** Most rows of a batch. */
  public static final int MAX_ROWS = 64;

  private static final int MANY = 1 << 20;

  private final StageSpec spec;
  private final Semaphore turns = new Semaphore(0);
  private final BlockingQueue<Long> started = new LinkedBlockingQueue<>();
  private final ActivationsPool inputs = new ActivationsPool(ElementType.F32, MAX_ROWS, HIDDEN);
  private final ActivationsPool outputs = new ActivationsPool(ElementType.F32, MAX_ROWS, HIDDEN);
  private final Thread owner = Thread.currentThread();
  private volatile Throwable failure;
  private volatile long failAt = -1;
  private volatile Thread worker;
  private volatile boolean closed;
  private volatile OpenStage open;

  /**
   * @param stage its index
   * @param stages stages in all
   */
  public FakeStage(int stage, int stages) {
    spec = new StageSpec("fake", stage, stages, "fake", "f32", 1, 100, MAX_ROWS);
  }

  /**
   * @return the spec to open it with
   */
  public StageSpec spec() {
    return spec;
  }

  /**
   * @param maxInFlight batches that the executor takes
   * @return the stage, open
   */
  public OpenStage open(int maxInFlight) {
    closed = false;
    ActivationsPool out = spec.last() ? null : outputs;
    open =
        new OpenStage(
            new StageExecutor("fake-stage-" + spec.stage(), this, out, maxInFlight),
            spec.first() ? null : inputs,
            out,
            new LayerRange(spec.stage(), spec.stage() + 1),
            HIDDEN,
            VOCAB,
            ElementType.F32,
            "fake",
            1);
    return open;
  }

  /**
   * @return where inputs come from
   */
  public ActivationsPool inputs() {
    return inputs;
  }

  /**
   * @return where outputs come from
   */
  public ActivationsPool outputs() {
    return outputs;
  }

  /**
   * Lets batches be computed.
   *
   * @param batches how many more
   * @return this
   */
  public FakeStage allow(int batches) {
    turns.release(batches);
    return this;
  }

  /**
   * Holds nothing.
   *
   * @return this
   */
  public FakeStage free() {
    return allow(MANY);
  }

  /**
   * @param sequence the batch to fail in
   * @param with what to fail with
   * @return this
   */
  public FakeStage failAt(long sequence, Throwable with) {
    failure = with;
    failAt = sequence;
    return this;
  }

  /**
   * @return sequence of the next batch whose computing began
   */
  public long awaitStart() throws InterruptedException {
    Long sequence = started.poll(20, TimeUnit.SECONDS);
    assertThat(sequence).as("no batch was started").isNotNull();
    return sequence;
  }

  /**
   * @return whether a batch was started that {@link #awaitStart} has not told
   */
  public boolean startedMore() {
    return !started.isEmpty();
  }

  /**
   * Lets go as soon as the thread that made this waits for the worker, as it does in closing; to be
   * called right before.
   */
  public void freeOnceClosing() {
    Thread letGo =
        new Thread(
            () -> {
              while (!closed && !waitsForWorker()) {
                Thread.onSpinWait();
              }
              free();
            },
            "let-go");
    letGo.setDaemon(true);
    letGo.start();
  }

  private boolean waitsForWorker() {
    for (StackTraceElement frame : owner.getStackTrace()) {
      if (frame.getClassName().equals(StageExecutor.class.getName())
          && frame.getMethodName().equals("close")) {
        return owner.getState() == Thread.State.WAITING;
      }
    }
    return false;
  }

  /** Checks that it is closed and has left nothing behind. */
  public void assertNothingLeft() {
    if (open != null) {
      assertThat(closed).as("program closed").isTrue();
    }
    assertThat(inputs.inUse()).as("inputs in use").isZero();
    assertThat(outputs.inUse()).as("outputs in use").isZero();
    assertThat(worker == null || !worker.isAlive()).as("worker ended").isTrue();
  }

  @Override
  public float[][] run(ChunkBatch batch, Activations in, Activations out) {
    worker = Thread.currentThread();
    started.add(batch.sequence());
    turns.acquireUninterruptibly();
    if (batch.sequence() == failAt) {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    }
    if (out != null) {
      for (int i = 0; i < batch.rows() * HIDDEN; i++) {
        float before = in == null ? batch.tokenIds()[i / HIDDEN] : in.bytes().getFloat(i * 4);
        out.bytes().putFloat(i * 4, before + 1);
      }
      return new float[0][];
    }
    return logits(batch, in == null ? null : in.bytes());
  }

  private static float[][] logits(ChunkBatch batch, ByteBuffer in) {
    List<float[]> logits = new ArrayList<>();
    int row = 0;
    for (Segment segment : batch.segments()) {
      row += segment.tokens();
      if (segment.last()) {
        float[] one = new float[VOCAB];
        for (int i = 0; i < HIDDEN; i++) {
          one[i] =
              in == null
                  ? batch.tokenIds()[row - 1]
                  : in.getFloat(((row - 1) * HIDDEN + i) * 4) + 1;
        }
        logits.add(one);
      }
    }
    return logits.toArray(new float[0][]);
  }

  @Override
  public void close() {
    closed = true;
  }
}
