package io.penstock.udf.stage;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;

/**
 * Runs a {@link StageProgram} on a worker thread of its own: batches are computed in the order of
 * submission and completed in that order, several may be outstanding. Everything here is called by
 * one thread (the operator's); completions are handed over on the worker thread, and the receiver
 * moves them to its own. Closing waits for the batch being computed, drops those that wait, and
 * closes the program.
 */
public final class StageExecutor implements AutoCloseable {
  private record Work(ChunkBatch batch, Activations in, Consumer<StageResult> done) {}

  private static final Work END = new Work(null, null, null);

  private final StageProgram program;
  private final ActivationsPool outputs;
  private final BlockingQueue<Work> queue;
  private final Thread worker;
  private volatile boolean closing;

  /**
   * @param name of the worker thread, for instance {@code stage-1}
   * @param program what to compute; owned from now on
   * @param outputs where output activations are taken from; null on the last stage
   * @param maxOutstanding most batches submitted and not completed
   */
  public StageExecutor(
      String name, StageProgram program, ActivationsPool outputs, int maxOutstanding) {
    this.program = program;
    this.outputs = outputs;
    this.queue = new ArrayBlockingQueue<>(maxOutstanding + 1);
    this.worker = new Thread(this::work, name);
    this.worker.setDaemon(true);
    this.worker.start();
  }

  /**
   * Submits a batch; never blocks.
   *
   * @param batch the batch
   * @param in its activations, owned by the executor until the completion; null on the first stage
   * @param done called on the worker thread, once, also after a failure; must not throw
   * @throws IllegalStateException if more are outstanding than the executor was made for, or it is
   *     closed
   */
  public void submit(ChunkBatch batch, Activations in, Consumer<StageResult> done) {
    if (closing || !queue.offer(new Work(batch, in, done))) {
      throw new IllegalStateException(
          "stage executor is full or closed: sequence=" + batch.sequence() + " closed=" + closing);
    }
  }

  private void work() {
    try {
      for (Work work = queue.take(); work.batch() != null && !closing; work = queue.take()) {
        work.done().accept(compute(work));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      program.close();
    }
  }

  @SuppressWarnings("CatchingUnchecked") // whatever a backend throws must reach the operator
  private StageResult compute(Work work) {
    ChunkBatch batch = work.batch();
    Activations out = outputs == null ? null : outputs.take(batch.rows());
    long start = epochMicros();
    try {
      float[][] logits = program.run(batch, work.in(), out);
      return new StageResult(batch, work.in(), out, logits, start, epochMicros(), null);
    } catch (RuntimeException | Error e) {
      if (out != null) {
        outputs.give(out);
      }
      return new StageResult(batch, work.in(), null, new float[0][], start, epochMicros(), e);
    }
  }

  private static long epochMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** Ends the worker thread; returns when it has ended. */
  @Override
  public void close() {
    if (!closing) {
      closing = true;
      queue.clear();
      queue.add(END);
    }
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
