package io.penstock.operators.stage;

import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/**
 * Makes a {@link StageOperator}. It heads its chain: a stage chained to the one before would stand
 * in that one's way, since mails of operators upstream do not run while it waits.
 */
public final class StageOperatorFactory extends AbstractStreamOperatorFactory<Fragment>
    implements OneInputStreamOperatorFactory<Fragment, Fragment> {
  private static final long serialVersionUID = 1L;

  private final StageSpec spec;
  private final StageOpener opener;
  private final int maxInFlight;

  /**
   * @param spec which stage; not the first, which is the head's
   * @param opener opens it
   * @param maxInFlight most batches received and not sent on, at least 1 ({@code --max-in-flight})
   */
  public StageOperatorFactory(StageSpec spec, StageOpener opener, int maxInFlight) {
    if (spec.first() || spec.stage() >= spec.stages()) {
      throw new IllegalArgumentException(
          "not a stage after the head: stage=" + spec.stage() + " stages=" + spec.stages());
    }
    this.spec = spec;
    this.opener = opener;
    this.maxInFlight = maxInFlight;
    this.chainingStrategy = ChainingStrategy.HEAD;
  }

  @Override
  // the interface leaves the type of the operator to the caller
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <T extends StreamOperator<Fragment>> T createStreamOperator(
      StreamOperatorParameters<Fragment> parameters) {
    return (T) new StageOperator(parameters, spec, opener, maxInFlight);
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return StageOperator.class;
  }
}
