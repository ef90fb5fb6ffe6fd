package io.penstock.operators.chunk;

import io.penstock.schemas.Cancel;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/** Where the head hears of cancels; travels to it with the job. */
@FunctionalInterface
public interface ControlSource extends Serializable {

  /**
   * @return a reader, owned by the caller, that begins with what comes from now on
   * @throws Exception if it cannot be opened; fails the task
   */
  ControlReader open() throws Exception;

  /** Reads cancels. Opened, polled and closed by one thread, the head's reader thread. */
  interface ControlReader extends AutoCloseable {

    /**
     * Waits for cancels. Unreadable ones are skipped here.
     *
     * @param timeout how long at most; keep to it, since closing the head waits as long
     * @return what came, in order; empty if nothing did
     * @throws Exception fails the task; an {@link InterruptedException} ends the thread
     */
    List<Cancel> poll(Duration timeout) throws Exception;

    @Override
    void close();
  }
}
