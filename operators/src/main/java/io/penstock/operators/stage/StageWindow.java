package io.penstock.operators.stage;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageResult;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;

/**
 * What a stage has in flight: a bounded number of batches in the {@link StageExecutor}, and among
 * them items that need no computing, first in, first out. Used by the head and by every stage.
 *
 * <pre>
 *   submit, pass ─► [ batch k+2 · abort · batch k+1 · batch k ] ─► Output.batch, Output.passed
 *                     ready       ready   computing   done, its mail is on the way
 * </pre>
 *
 * Every method is called by the mailbox thread. Completions come on the worker thread of the
 * executor and are mailed; a mail hands out exactly one batch and what follows it up to the next,
 * then returns to the mailbox. A mail that runs after {@link #close} does nothing.
 *
 * @param <T> what the operator keeps with each item
 */
public final class StageWindow<T> implements AutoCloseable {

  /**
   * Takes what leaves the window, in order, on the mailbox thread. An exception fails the task.
   *
   * @param <T> see the window
   */
  public interface Output<T> {

    /**
     * A batch was computed.
     *
     * @param context what it was submitted with
     * @param result what became of it; never a failure; its activations are given back by the
     *     window when the call returns
     * @throws Exception fails the task
     */
    void batch(T context, StageResult result) throws Exception;

    /**
     * It is the turn of an item that needed no computing.
     *
     * @param context what it was passed with
     * @throws Exception fails the task
     */
    void passed(T context) throws Exception;

    /**
     * A batch has left; there is room for one more, unless the window drains. Called once for each
     * batch, as the last thing in its mail; may submit.
     *
     * @throws Exception fails the task
     */
    default void room() throws Exception {}
  }

  private static final class Item<T> {
    private final T context;
    private final ChunkBatch batch;
    private final Activations in;
    private volatile StageResult result;

    private Item(T context, ChunkBatch batch, Activations in) {
      this.context = context;
      this.batch = batch;
      this.in = in;
    }
  }

  private final int stage;
  private final OpenStage open;
  private final MailboxExecutor mailbox;
  private final int maxInFlight;
  private final Output<T> output;
  private final ArrayDeque<Item<T>> items = new ArrayDeque<>();
  private int batches;
  private long nextSequence;
  private boolean draining;
  private boolean closed;

  /**
   * @param stage index of the stage, for messages
   * @param open computes; closed with the window
   * @param mailbox of the operator
   * @param maxInFlight most batches in flight, at least 1 ({@code --max-in-flight}); the stage was
   *     opened for as many
   * @param output takes what leaves
   */
  public StageWindow(
      int stage, OpenStage open, MailboxExecutor mailbox, int maxInFlight, Output<T> output) {
    if (maxInFlight < 1) {
      throw new IllegalArgumentException(
          "a stage needs at least one batch in flight: maxInFlight="
              + maxInFlight
              + "; see --max-in-flight");
    }
    this.stage = stage;
    this.open = open;
    this.mailbox = mailbox;
    this.maxInFlight = maxInFlight;
    this.output = output;
  }

  /**
   * @return whether a batch may be submitted; false while draining and after closing
   */
  public boolean hasRoom() {
    return batches < maxInFlight && !draining && !closed;
  }

  /**
   * @return batches submitted and not handed out
   */
  public int inFlight() {
    return batches;
  }

  /**
   * @return whether nothing is in flight, aborts included
   */
  public boolean isEmpty() {
    return items.isEmpty();
  }

  /**
   * Runs mails until there is room. Not to be called from an {@link Output}.
   *
   * @throws InterruptedException if the task is cancelled
   */
  public void awaitRoom() throws InterruptedException {
    while (!hasRoom()) {
      checkOpen();
      mailbox.yield();
    }
  }

  /**
   * Submits a batch. The sequence goes up by one from batch to batch, from 0.
   *
   * @param batch the batch
   * @param in its activations, the window's from now on even if this throws; null on the first
   *     stage
   * @param context comes back with the result
   * @throws IllegalStateException if there is no room, or the sequence is not the next one
   */
  public void submit(ChunkBatch batch, Activations in, T context) {
    if (!hasRoom() || batch.sequence() != nextSequence) {
      giveBack(in, open.inputs());
      throw new IllegalStateException(
          "cannot submit batch: stage="
              + stage
              + " sequence="
              + batch.sequence()
              + " expected="
              + nextSequence
              + " inFlight="
              + batches
              + " maxInFlight="
              + maxInFlight
              + " draining="
              + draining
              + " closed="
              + closed);
    }
    Item<T> item = new Item<>(context, batch, in);
    items.add(item);
    batches++;
    nextSequence++;
    open.executor().submit(batch, in, result -> completed(item, result));
  }

  /**
   * Lets an item through that needs no computing, in its turn: at once if nothing is in flight.
   * There is always room for it.
   *
   * @param context comes out again
   * @throws Exception what the output throws
   */
  public void pass(T context) throws Exception {
    checkOpen();
    if (items.isEmpty()) {
      output.passed(context);
    } else {
      items.add(new Item<>(context, null, null));
    }
  }

  /**
   * Runs mails until nothing is in flight. There is no room meanwhile, so an output that submits
   * when there is room does not keep this from ending; {@link Output#room} is not called again
   * afterwards, whoever has something to submit then sees to it himself.
   *
   * @throws InterruptedException if the task is cancelled
   */
  public void drain() throws InterruptedException {
    draining = true;
    try {
      while (!items.isEmpty()) {
        checkOpen();
        mailbox.yield();
      }
    } finally {
      draining = false;
    }
  }

  /**
   * Waits for the batch being computed, forgets all others, closes the stage, and gives back all
   * activations. Nothing is handed out afterwards. May be called twice.
   *
   * @throws IllegalStateException if the stage's worker died; all is given back even then
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      open.close();
    } finally {
      // The worker thread has ended: results that it delivered are visible, others never come.
      items.forEach(this::giveBack);
      items.clear();
      batches = 0;
    }
  }

  /** On the worker thread. */
  private void completed(Item<T> item, StageResult result) {
    item.result = result;
    try {
      mailbox.execute(this::handOut, "hand out a batch of stage %s", stage);
    } catch (RejectedExecutionException e) {
      // The task is ending; close() gives the activations back.
      return;
    }
  }

  private void handOut() throws Exception {
    if (closed) {
      return;
    }
    Item<T> item = items.element();
    StageResult result = item.result;
    if (result.failure() != null) {
      throw new IllegalStateException(
          "stage failed: stage="
              + stage
              + " sequence="
              + item.batch.sequence()
              + " segments="
              + item.batch.segments().size()
              + " rows="
              + item.batch.rows(),
          result.failure());
    }
    output.batch(item.context, result);
    items.remove();
    batches--;
    giveBack(item);
    while (!items.isEmpty() && items.element().batch == null) {
      output.passed(items.remove().context);
    }
    output.room();
  }

  private void giveBack(Item<T> item) {
    giveBack(item.in, open.inputs());
    StageResult result = item.result;
    if (result != null) {
      giveBack(result.out(), open.outputs());
    }
  }

  private static void giveBack(Activations activations, ActivationsPool pool) {
    if (activations != null) {
      pool.give(activations);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the window is closed: stage=" + stage);
    }
  }
}
