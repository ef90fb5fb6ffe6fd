package io.penstock.operators.chunk;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.Fragment;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import java.io.Serializable;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.tasks.StreamTask;

/**
 * Makes the head: chunker and stage 0 in one operator. Attach it to a stream keyed by {@link
 * AdmittedPrompt#routingKey}.
 */
public final class HeadOperatorFactory extends AbstractStreamOperatorFactory<Fragment>
    implements OneInputStreamOperatorFactory<AdmittedPrompt, Fragment> {
  private static final long serialVersionUID = 1L;

  /** Tells whether a task is RUNNING; asked by the mailbox thread. */
  @FunctionalInterface
  interface RunningSignal extends Serializable {
    boolean isRunning(StreamTask<?, ?> task);
  }

  private final HeadSpec head;
  private final StageSpec stage;
  private final StageOpener opener;
  private final ControlSource control;
  private final RunningSignal running;

  /**
   * @param head what the head decides by
   * @param stage stage 0, of the same pool, for batches of at least the head's size
   * @param opener opens it
   * @param control where cancels come from; null for nowhere
   */
  public HeadOperatorFactory(
      HeadSpec head, StageSpec stage, StageOpener opener, ControlSource control) {
    this(head, stage, opener, control, StreamTask::isRunning);
  }

  HeadOperatorFactory(
      HeadSpec head,
      StageSpec stage,
      StageOpener opener,
      ControlSource control,
      RunningSignal running) {
    if (!stage.first()
        || stage.kvPages() != head.kvPages()
        || stage.maxBatchTokens() < head.maxBatchTokens()) {
      throw new IllegalArgumentException(
          "head and stage do not fit: stage="
              + stage.stage()
              + " expected=0 kvPages="
              + stage.kvPages()
              + " expected="
              + head.kvPages()
              + " maxBatchTokens="
              + stage.maxBatchTokens()
              + " atLeast="
              + head.maxBatchTokens());
    }
    this.head = head;
    this.stage = stage;
    this.opener = opener;
    this.control = control;
    this.running = running;
    this.chainingStrategy = ChainingStrategy.HEAD;
  }

  @Override
  // the interface leaves the type of the operator to the caller
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <T extends StreamOperator<Fragment>> T createStreamOperator(
      StreamOperatorParameters<Fragment> parameters) {
    return (T) new HeadOperator(parameters, head, stage, opener, control, running);
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return HeadOperator.class;
  }
}
