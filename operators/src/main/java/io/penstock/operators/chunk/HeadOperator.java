package io.penstock.operators.chunk;

import io.penstock.operators.admit.AdmitTypes;
import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.Fragment;
import io.penstock.schemas.DeadLetter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/** Chunker and stage 0 in one operator. */
public final class HeadOperator extends AbstractStreamOperator<Fragment>
    implements OneInputStreamOperator<AdmittedPrompt, Fragment> {
  private static final long serialVersionUID = 1L;

  /** Side output of prompts that were refused: their id is queued or open already. */
  public static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("head-dead-letters", AdmitTypes.DEAD_LETTER);

  @Override
  public void processElement(StreamRecord<AdmittedPrompt> element) {
    throw new IllegalStateException("not there yet");
  }
}
