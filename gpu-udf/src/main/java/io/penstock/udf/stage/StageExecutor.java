package io.penstock.udf.stage;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Runs a {@link StageProgram} on a worker thread of its own: batches are computed in the order of
 * submission and completed in that order, several may be outstanding. Everything here is called by
 * one thread (the operator's); completions are handed over on the worker thread, and the receiver
 * moves them to its own.
 *
 * <p>A batch that fails is completed with its failure, and the next one is computed: whether to go
 * on is the receiver's decision.
 *
 * <p>Closing waits for the batch being computed (its completion is still handed over), drops those
 * that wait, and closes the program. Activations of batches that were never completed are then the
 * submitter's again.
 */
public final class StageExecutor implements AutoCloseable {
  private record Work(ChunkBatch batch, Activations in, Consumer<StageResult> done) {}

  private static final Work END = new Work(null, null, null);

  private final StageProgram program;
  private final ActivationsPool outputs;
  private final int maxOutstanding;
  private final BlockingQueue<Work> queue;
  private final AtomicInteger outstanding = new AtomicInteger();
  private final Thread worker;
  private volatile boolean closing;
  private volatile Throwable workerFailure;

  /**
   * @param name of the worker thread, for instance {@code stage-1}
   * @param program what to compute; owned from now on, also if this throws
   * @param outputs where output activations are taken from; null on the last stage
   * @param maxOutstanding most batches submitted and not completed, at least 1
   */
  public StageExecutor(
      String name, StageProgram program, ActivationsPool outputs, int maxOutstanding) {
    this.program = program;
    this.outputs = outputs;
    this.maxOutstanding = maxOutstanding;
    try {
      this.queue = new ArrayBlockingQueue<>(maxOutstanding + 1);
      this.worker = new Thread(this::work, name);
      this.worker.setDaemon(true);
      this.worker.start();
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  /**
   * Submits a batch; never blocks.
   *
   * @param batch the batch
   * @param in its activations, owned by the executor until the completion; null on the first stage
   * @param done called on the worker thread, once, also after a failure; must not throw. When it is
   *     called the batch is no longer outstanding.
   * @throws IllegalStateException if more are outstanding than the executor was made for, or it is
   *     closed, or its worker died
   */
  public void submit(ChunkBatch batch, Activations in, Consumer<StageResult> done) {
    if (closing || !worker.isAlive()) {
      throw new IllegalStateException(
          "stage executor is closed: sequence=" + batch.sequence() + " closing=" + closing,
          workerFailure);
    }
    if (outstanding.incrementAndGet() > maxOutstanding) {
      outstanding.decrementAndGet();
      throw new IllegalStateException(
          "stage executor is full: sequence="
              + batch.sequence()
              + " maxOutstanding="
              + maxOutstanding);
    }
    queue.add(new Work(batch, in, done));
  }

  private void work() {
    try {
      computeAll();
    } catch (InterruptedException e) {
      workerFailure = e;
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      workerFailure = e;
    }
    try {
      program.close();
    } catch (RuntimeException | Error e) {
      if (workerFailure == null) {
        workerFailure = e;
      } else {
        workerFailure.addSuppressed(e);
      }
    }
  }

  private void computeAll() throws InterruptedException {
    for (Work work = queue.take(); work.batch() != null && !closing; work = queue.take()) {
      StageResult result = compute(work);
      outstanding.decrementAndGet();
      work.done().accept(result);
    }
  }

  private StageResult compute(Work work) {
    ChunkBatch batch = work.batch();
    long startMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    long startNanos = System.nanoTime();
    Activations out = null;
    float[][] logits = new float[0][];
    Throwable failure = null;
    try {
      out = outputs == null ? null : outputs.take(batch.rows());
      logits = program.run(batch, work.in(), out);
    } catch (RuntimeException | Error e) {
      // Whatever a backend throws must reach the operator.
      failure = e;
      if (out != null) {
        outputs.give(out);
        out = null;
      }
    }
    long endMicros = startMicros + (System.nanoTime() - startNanos) / 1000;
    return new StageResult(batch, work.in(), out, logits, startMicros, endMicros, failure);
  }

  /**
   * Ends the worker thread; returns when it has ended. May be called twice.
   *
   * @throws IllegalStateException at the first call, if the worker died, or the program could not
   *     be closed
   */
  @Override
  public void close() {
    boolean first = !closing;
    if (first) {
      closing = true;
      // There is always room; whatever waits before it is dropped by the worker.
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
    if (first && workerFailure != null) {
      throw new IllegalStateException(
          "stage worker failed: thread=" + worker.getName(), workerFailure);
    }
  }
}
