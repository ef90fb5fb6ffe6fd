package io.penstock.operators.admit;

import io.penstock.schemas.DeadLetter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Decodes, validates and tokenizes records. What cannot become a prompt leaves as a dead letter by
 * {@link #DEAD_LETTERS}; no record stops the job.
 */
public final class AdmitFunction extends ProcessFunction<SourceRecord, AdmittedPrompt> {
  private static final long serialVersionUID = 1L;

  /** Side output of refused records. */
  public static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("admit-dead-letters", AdmitTypes.DEAD_LETTER);

  private final AdmitSpec spec;

  /**
   * @param spec what prompts are checked against
   */
  public AdmitFunction(AdmitSpec spec) {
    this.spec = spec;
  }

  @Override
  public void processElement(SourceRecord record, Context context, Collector<AdmittedPrompt> out) {
    throw new IllegalStateException("not there yet: " + spec.format());
  }
}
