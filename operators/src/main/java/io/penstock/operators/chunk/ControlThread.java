package io.penstock.operators.chunk;

import io.penstock.schemas.Cancel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingConsumer;

/**
 * The head's reader thread: polls the control source and mails what comes. A failure of the source
 * is mailed as well, and fails the task. Made and closed by the task thread; closing ends the
 * thread, by interrupt if it does not end in time.
 */
final class ControlThread implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long JOIN_MILLIS = 3_000;

  private final ControlSource source;
  private final MailboxExecutor mailbox;
  private final ThrowingConsumer<List<Cancel>, Exception> receiver;
  private final Thread thread;
  private volatile boolean closing;

  /**
   * @param source what to read
   * @param mailbox of the operator
   * @param receiver takes what came, on the mailbox thread
   */
  ControlThread(
      ControlSource source,
      MailboxExecutor mailbox,
      ThrowingConsumer<List<Cancel>, Exception> receiver) {
    this.source = source;
    this.mailbox = mailbox;
    this.receiver = receiver;
    this.thread = new Thread(this::read, "head-control");
    this.thread.setDaemon(true);
    this.thread.start();
  }

  private void read() {
    try {
      readUntilClosed();
    } catch (RejectedExecutionException e) {
      // The task is ending and takes no mail any more.
      return;
    } catch (Throwable e) {
      // An Error as well: it would end the thread, and nobody would know that cancels are lost.
      if (!closing) {
        fail(e);
      }
    }
  }

  private void readUntilClosed() throws Exception {
    try (ControlSource.ControlReader reader = source.open()) {
      while (!closing) {
        List<Cancel> cancels = reader.poll(POLL);
        if (!cancels.isEmpty()) {
          mailbox.execute(() -> receiver.accept(cancels), "cancels");
        }
      }
    }
  }

  private void fail(Throwable cause) {
    try {
      mailbox.execute(
          () -> {
            throw new IllegalStateException(
                "the control source failed, cancels would be lost; see --control-topic", cause);
          },
          "failure of the control source");
    } catch (RejectedExecutionException e) {
      // The task is ending already.
      return;
    }
  }

  @Override
  public void close() {
    closing = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join(JOIN_MILLIS);
        if (thread.isAlive()) {
          thread.interrupt();
        }
      } catch (InterruptedException e) {
        interrupted = true;
        thread.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
