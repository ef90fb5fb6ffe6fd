package io.penstock.operators.chunk;

import io.penstock.operators.admit.AdmitTypes;
import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.admit.DeadLetters;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FrameWriter;
import io.penstock.schemas.Cancel;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The head: chunker and stage 0 in one operator. This is the shell; it says when.
 *
 * <pre>
 *   record ─► processElement: queue it            mail ─► dispatch: choose one batch, submit it
 *   cancel ─► mail: give the prompt up            stage 0 done ─► mail: emit the frame, dispatch
 * </pre>
 *
 * A batch is chosen when the stage has room for it and no earlier, one for each mail, so barriers,
 * cancels and new prompts get in between. Nothing is dispatched, and no cancel is applied:
 *
 * <ul>
 *   <li>before the task is RUNNING. Mails run already in the restore loop, when the stages behind
 *       may still be loading; so open() asks a processing-time timer to look again until {@code
 *       StreamTask.isRunning()}, which turns true when the restore loop has ended.
 *   <li>from the moment the stage is drained for a barrier until the snapshot is taken;
 *   <li>after the snapshot of a stop-with-savepoint. What the savepoint holds would be computed
 *       twice: without {@code --drain}, mails go on until the task ends. (Should the savepoint be
 *       declined after all, Flink 2.2 fails the task; were it only to say so, dispatching goes on.)
 * </ul>
 *
 * While the queue is full, {@link #processElement} runs mails, so batches go on and everything else
 * waits in Kafka.
 */
public final class HeadOperator extends AbstractStreamOperator<Fragment>
    implements OneInputStreamOperator<AdmittedPrompt, Fragment>, BoundedOneInput {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = LoggerFactory.getLogger(HeadOperator.class);

  /** Side output of prompts that were refused: their id is queued or open already. */
  public static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("head-dead-letters", AdmitTypes.DEAD_LETTER);

  /** How often a head that is not RUNNING yet looks again. */
  static final Duration RUNNING_POLL = Duration.ofMillis(10);

  private static final long NO_CHECKPOINT = -1;

  private final HeadSpec spec;
  private final StageSpec stageSpec;
  private final StageOpener opener;
  private final ControlSource control;
  private final HeadOperatorFactory.RunningSignal running;
  private final transient MailboxExecutor mailbox;

  private transient PromptStore store;
  private transient OpenStage openStage;
  private transient HeadStage stage;
  private transient ControlThread controlThread;
  private transient List<Cancel> heldCancels;
  private transient OwnKeys ownKeys;
  private transient ScheduledFuture<?> runningPoll;
  private transient boolean ready;
  private transient boolean atBarrier;
  private transient long stoppedBy;
  private transient boolean dispatchMailed;
  private transient boolean closed;

  HeadOperator(
      StreamOperatorParameters<Fragment> parameters,
      HeadSpec spec,
      StageSpec stageSpec,
      StageOpener opener,
      ControlSource control,
      HeadOperatorFactory.RunningSignal running) {
    super(parameters);
    this.spec = spec;
    this.stageSpec = stageSpec;
    this.opener = opener;
    this.control = control;
    this.running = running;
    this.mailbox = parameters.getMailboxExecutor();
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    store = new PromptStore(getKeyedStateBackend(), context.getKeyedStateStore());
  }

  @Override
  public void open() throws Exception {
    super.open();
    LOGGER.info(
        "head opens stage 0 of {}: model={} backend={} {}",
        stageSpec.stages(),
        stageSpec.modelPath(),
        stageSpec.backend(),
        spec);
    stoppedBy = NO_CHECKPOINT;
    heldCancels = new ArrayList<>();
    ownKeys = OwnKeys.of(getRuntimeContext().getTaskInfo());
    openStage = opener.open(stageSpec, spec.maxInFlight());
    FrameWriter writer =
        new FrameWriter(
            spec.fragmentBytes(), fragment -> output.collect(new StreamRecord<>(fragment)));
    stage =
        new HeadStage(spec, store, openStage, mailbox, writer, getMetricGroup(), this::roomAgain);
    stage.restore();
    if (control != null) {
      controlThread = new ControlThread(control, mailbox, this::cancelsCame);
    }
    awaitRunning();
  }

  @Override
  public void processElement(StreamRecord<AdmittedPrompt> element) throws Exception {
    AdmittedPrompt prompt = element.getValue();
    while (!stopped() && !stage.hasRoomFor(prompt)) {
      mailbox.yield();
    }
    switch (stage.add(prompt)) {
      case DUPLICATE ->
          refuse(
              prompt,
              ReasonCode.DUPLICATE_REQUEST_ID,
              "a prompt of this request_id is queued or open");
      case LONGER_THAN_POOL ->
          refuse(
              prompt,
              ReasonCode.LONGER_THAN_KV_POOL,
              "prompt is longer than the KV pool: prompt_tokens="
                  + prompt.tokenIds().length
                  + " kv_pages="
                  + spec.kvPages()
                  + "; see --max-total-tokens");
      case QUEUED, CANCELLED -> mailDispatch();
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    stage.drain();
    atBarrier = true;
  }

  @Override
  public OperatorSnapshotFutures snapshotState(
      long checkpointId, long timestamp, CheckpointOptions options, CheckpointStreamFactory factory)
      throws Exception {
    OperatorSnapshotFutures snapshot =
        super.snapshotState(checkpointId, timestamp, options, factory);
    atBarrier = false;
    if (options.getCheckpointType() instanceof SavepointType savepoint
        && savepoint.isSynchronous()) {
      stoppedBy = checkpointId;
    } else {
      mailbox.execute(this::goOn, "dispatch goes on after checkpoint %s", checkpointId);
    }
    return snapshot;
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    super.notifyCheckpointAborted(checkpointId);
    if (stoppedBy == checkpointId) {
      stoppedBy = NO_CHECKPOINT;
      mailbox.execute(this::goOn, "dispatch goes on after aborted savepoint %s", checkpointId);
    }
  }

  @Override
  public void endInput() throws Exception {
    while (!stopped() && stage.busy()) {
      mailDispatch();
      mailbox.yield();
    }
  }

  @Override
  public void close() throws Exception {
    closed = true;
    if (runningPoll != null) {
      runningPoll.cancel(false);
    }
    try {
      if (controlThread != null) {
        controlThread.close();
      }
    } finally {
      if (stage != null) {
        stage.close();
      } else if (openStage != null) {
        openStage.close();
      }
      super.close();
    }
  }

  /** For tests. */
  HeadStage stage() {
    return stage;
  }

  private void awaitRunning() throws Exception {
    if (closed || ready) {
      return;
    }
    if (running.isRunning(getContainingTask())) {
      ready = true;
      goOn();
      return;
    }
    long again = getProcessingTimeService().getCurrentProcessingTime() + RUNNING_POLL.toMillis();
    runningPoll = getProcessingTimeService().registerTimer(again, time -> awaitRunning());
  }

  /** Gives up what does not fit, applies the cancels that were held, and dispatches again. */
  private void goOn() throws Exception {
    if (!mayDecide()) {
      return;
    }
    stage.abortUnfit();
    List<Cancel> cancels = heldCancels;
    heldCancels = new ArrayList<>();
    for (Cancel cancel : cancels) {
      stage.cancel(cancel.getRequestId(), cancel.getReason());
    }
    mailDispatch();
  }

  private void cancelsCame(List<Cancel> cancels) throws Exception {
    if (!closed) {
      cancels.stream().filter(ownKeys::hold).forEach(heldCancels::add);
      goOn();
    }
  }

  /** A completion mail: dispatches at most one batch. */
  private void roomAgain() throws Exception {
    if (mayDecide() && stage.canDispatch()) {
      stage.dispatch();
      mailDispatch();
    }
  }

  private void mailDispatch() {
    if (!dispatchMailed && mayDecide() && stage.canDispatch()) {
      dispatchMailed = true;
      mailbox.execute(this::dispatchMail, "dispatch a batch");
    }
  }

  private void dispatchMail() throws Exception {
    dispatchMailed = false;
    roomAgain();
  }

  private boolean mayDecide() {
    return ready && !atBarrier && !stopped() && !closed;
  }

  private boolean stopped() {
    return stoppedBy != NO_CHECKPOINT;
  }

  private void refuse(AdmittedPrompt prompt, ReasonCode reason, String message) {
    DeadLetter letter = DeadLetters.of(prompt.origin(), prompt.requestId(), reason, message);
    output.collect(DEAD_LETTERS, new StreamRecord<>(letter));
  }
}
