package io.penstock.operators.chunk;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.Fragment;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/**
 * Makes the head: chunker and stage 0 in one operator. Attach it to a stream keyed by {@link
 * AdmittedPrompt#routingKey}.
 */
public final class HeadOperatorFactory extends AbstractStreamOperatorFactory<Fragment>
    implements OneInputStreamOperatorFactory<AdmittedPrompt, Fragment> {
  private static final long serialVersionUID = 1L;

  private final HeadSpec head;
  private final StageSpec stage;
  private final StageOpener opener;
  private final ControlSource control;

  /**
   * @param head what the head decides by
   * @param stage stage 0
   * @param opener opens it
   * @param control where cancels come from; null for nowhere
   */
  public HeadOperatorFactory(
      HeadSpec head, StageSpec stage, StageOpener opener, ControlSource control) {
    this.head = head;
    this.stage = stage;
    this.opener = opener;
    this.control = control;
    this.chainingStrategy = ChainingStrategy.HEAD;
  }

  @Override
  // the interface leaves the type of the operator to the caller
  @SuppressWarnings("TypeParameterUnusedInFormals")
  public <T extends StreamOperator<Fragment>> T createStreamOperator(
      StreamOperatorParameters<Fragment> parameters) {
    throw new IllegalStateException("not there yet: " + head + stage + opener + control);
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return HeadOperator.class;
  }
}
