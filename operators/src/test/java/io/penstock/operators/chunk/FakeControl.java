package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.schemas.Cancel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A control source whose cancels a test makes. */
final class FakeControl implements ControlSource.ControlReader {
  private final BlockingQueue<List<Cancel>> queue = new LinkedBlockingQueue<>();
  private final Semaphore handedOver = new Semaphore(0);
  private volatile Throwable failure;
  private volatile boolean opened;
  private volatile boolean closed;
  private boolean mailing;

  /** Source of this reader. */
  ControlSource source() {
    return () -> {
      opened = true;
      return this;
    };
  }

  /** Hands cancels over; returns when the mail with them is in the mailbox. */
  void cancel(String reason, String... requestIds) throws InterruptedException {
    queue.add(List.of(requestIds).stream().map(id -> new Cancel(id, null, reason)).toList());
    assertThat(handedOver.tryAcquire(20, TimeUnit.SECONDS)).as("mailed").isTrue();
  }

  void failWith(RuntimeException with) {
    failure = with;
  }

  void failWith(Error with) {
    failure = with;
  }

  void assertClosed() {
    assertThat(closed).as("reader closed").isEqualTo(opened);
  }

  @Override
  public List<Cancel> poll(Duration timeout) throws InterruptedException {
    if (mailing) {
      mailing = false;
      handedOver.release();
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    assertThat(timeout).isPositive();
    // Shorter than asked for: closing waits as long.
    List<Cancel> cancels = queue.poll(2, TimeUnit.MILLISECONDS);
    mailing = cancels != null;
    return mailing ? cancels : List.of();
  }

  @Override
  public void close() {
    closed = true;
  }
}
