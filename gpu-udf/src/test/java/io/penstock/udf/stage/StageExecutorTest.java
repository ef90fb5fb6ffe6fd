package io.penstock.udf.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StageExecutorTest {
  private static final String WORKER = "stage-under-test";
  private static final int MAX_ROWS = 8;

  private final ActivationsPool inputs = new ActivationsPool(ElementType.F32, MAX_ROWS, 2);
  private final ActivationsPool outputs = new ActivationsPool(ElementType.F32, MAX_ROWS, 2);
  private final BlockingQueue<StageResult> results = new LinkedBlockingQueue<>();
  private final FakeProgram program = new FakeProgram();

  @AfterEach
  void nothingIsLeft() {
    assertThat(inputs.inUse()).isZero();
    assertThat(outputs.inUse()).isZero();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals(WORKER));
    assertThat(program.closed).isTrue();
    assertThat(program.closedBy).isEqualTo(WORKER);
  }

  /** Adds one to each value; waits, fails or not, as told. */
  private static final class FakeProgram implements StageProgram {
    private final List<Long> computed = new ArrayList<>();
    private final CountDownLatch started = new CountDownLatch(1);
    private volatile CountDownLatch mayEnd = new CountDownLatch(0);
    private volatile Throwable failure;
    private volatile RuntimeException closeFailure;
    private volatile boolean closed;
    private volatile String closedBy;

    @Override
    public float[][] run(ChunkBatch batch, Activations in, Activations out) {
      started.countDown();
      try {
        if (!mayEnd.await(20, TimeUnit.SECONDS)) {
          throw new IllegalStateException("never told to end");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      computed.add(batch.sequence());
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      for (int i = 0; i < in.rows() * in.cols(); i++) {
        out.bytes().putFloat(4 * i, in.bytes().getFloat(4 * i) + 1);
      }
      return new float[][] {{(float) batch.sequence()}};
    }

    @Override
    public void close() {
      closed = true;
      closedBy = Thread.currentThread().getName();
      if (closeFailure != null) {
        throw closeFailure;
      }
    }
  }

  private StageExecutor executor(int maxOutstanding) {
    return new StageExecutor(WORKER, program, outputs, maxOutstanding);
  }

  private static ChunkBatch batch(long sequence, int rows) {
    Segment segment = new Segment("p", 0, rows, new int[] {0}, true);
    return new ChunkBatch(sequence, List.of(segment), new int[0]);
  }

  private Activations submit(StageExecutor executor, long sequence) {
    Activations in = inputs.take(2);
    in.bytes().putFloat(0, (float) sequence);
    executor.submit(batch(sequence, 2), in, results::add);
    return in;
  }

  private StageResult result() throws InterruptedException {
    StageResult result = results.poll(20, TimeUnit.SECONDS);
    assertThat(result).as("a completion").isNotNull();
    return result;
  }

  private void giveBack(StageResult result) {
    inputs.give(result.in());
    if (result.out() != null) {
      outputs.give(result.out());
    }
  }

  @Test
  void completesInOrderOfSubmission() throws InterruptedException {
    try (StageExecutor executor = executor(3)) {
      for (long sequence = 0; sequence < 3; sequence++) {
        submit(executor, sequence);
      }
      long lastEnd = 0;
      for (long sequence = 0; sequence < 50; sequence++) {
        StageResult result = result();
        assertThat(result.batch().sequence()).isEqualTo(sequence);
        assertThat(result.failure()).isNull();
        assertThat(result.logits()).isDeepEqualTo(new float[][] {{(float) sequence}});
        assertThat(result.out().rows()).isEqualTo(2);
        assertThat(result.out().bytes().getFloat(0)).isEqualTo((float) sequence + 1);
        assertThat(result.endMicros()).isGreaterThanOrEqualTo(result.startMicros());
        lastEnd = Math.max(lastEnd, result.endMicros());
        giveBack(result);
        if (sequence + 3 < 50) {
          submit(executor, sequence + 3);
        }
      }
      assertThat(lastEnd).isGreaterThan(1_000_000_000_000_000L);
    }
  }

  @Test
  void refusesMoreThanItWasMadeFor() throws InterruptedException {
    program.mayEnd = new CountDownLatch(1);
    try (StageExecutor executor = executor(2)) {
      submit(executor, 0);
      program.started.await();
      submit(executor, 1);
      assertThatThrownBy(() -> executor.submit(batch(2, 2), null, results::add))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("full")
          .hasMessageContaining("sequence=2")
          .hasMessageContaining("maxOutstanding=2");
      program.mayEnd.countDown();
      giveBack(result());
      submit(executor, 2);
      giveBack(result());
      giveBack(result());
    }
    assertThat(program.computed).containsExactly(0L, 1L, 2L);
  }

  @Test
  void aFailureIsHandedOverAndTheNextBatchIsComputed() throws InterruptedException {
    try (StageExecutor executor = executor(2)) {
      for (Throwable failure :
          List.of(new IllegalArgumentException("bad page"), new OutOfMemoryError("pool"))) {
        program.failure = failure;
        submit(executor, 0);
        StageResult result = result();
        assertThat(result.failure()).isSameAs(failure);
        assertThat(result.out()).isNull();
        assertThat(result.in()).isNotNull();
        assertThat(outputs.inUse()).isZero();
        giveBack(result);
      }
      program.failure = null;
      submit(executor, 1);
      StageResult result = result();
      assertThat(result.failure()).isNull();
      giveBack(result);
    }
  }

  @Test
  void aBatchTooLargeForThePoolIsAFailureToo() throws InterruptedException {
    try (StageExecutor executor = executor(1)) {
      executor.submit(batch(0, MAX_ROWS + 1), null, results::add);
      assertThat(result().failure())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows=" + (MAX_ROWS + 1));
    }
  }

  @Test
  void closingDropsWhatWaits() throws InterruptedException {
    program.mayEnd = new CountDownLatch(1);
    StageExecutor executor = executor(3);
    submit(executor, 0);
    program.started.await();
    List<Activations> waiting = List.of(submit(executor, 1), submit(executor, 2));
    Thread closer = new Thread(executor::close);
    closer.start();
    awaitClosing(executor);
    assertThat(program.closed).isFalse();
    assertThat(closer.isAlive()).isTrue();
    program.mayEnd.countDown();
    closer.join();
    giveBack(result());
    assertThat(results).isEmpty();
    assertThat(program.computed).containsExactly(0L);
    waiting.forEach(inputs::give);
    executor.close();
  }

  /** Until submitting is refused. */
  private void awaitClosing(StageExecutor executor) {
    while (true) {
      try {
        executor.submit(batch(9, 2), null, results::add);
      } catch (IllegalStateException e) {
        if (e.getMessage().contains("closed")) {
          return;
        }
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void anInterruptOfTheCloserIsKeptAndDoesNotCutClosingShort() throws InterruptedException {
    program.mayEnd = new CountDownLatch(1);
    StageExecutor executor = executor(1);
    submit(executor, 0);
    program.started.await();
    AtomicBoolean kept = new AtomicBoolean();
    Thread closer =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              executor.close();
              kept.set(Thread.interrupted());
            });
    closer.start();
    awaitClosing(executor);
    assertThat(program.closed).isFalse();
    program.mayEnd.countDown();
    closer.join();
    assertThat(kept).isTrue();
    giveBack(result());
  }

  @Test
  void closesWithoutEverHavingComputed() {
    StageExecutor executor = executor(1);
    executor.close();
    assertThatThrownBy(() -> executor.submit(batch(0, 1), null, results::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aProgramThatCannotBeClosedIsTold() {
    program.closeFailure = new IllegalStateException("still in use");
    StageExecutor executor = executor(1);
    assertThatThrownBy(executor::close).hasCause(program.closeFailure);
    assertThatCode(executor::close).doesNotThrowAnyException();
  }

  @Test
  void aWorkerKilledByItsReceiverTakesNoMore() throws InterruptedException {
    StageExecutor executor = executor(2);
    IllegalStateException failure = new IllegalStateException("receiver");
    executor.submit(
        batch(0, 2),
        inputs.take(2),
        result -> {
          results.add(result);
          throw failure;
        });
    giveBack(result());
    assertThatThrownBy(
            () -> {
              while (true) {
                executor.submit(batch(1, 2), null, results::add);
                Thread.onSpinWait();
              }
            })
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(executor::close).hasCause(failure);
    results.forEach(this::giveBack);
  }
}
