package io.penstock.job;

import io.penstock.operators.admit.AdmitFunction;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.operators.chunk.HeadOperator;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/** Where prompts come from and answers go to: Kafka, or files. Used at submission only. */
public interface PrefillEdges {
  /**
   * @return how the values of the records are written
   */
  RecordFormat format();

  /**
   * @return prompts, as bytes
   */
  Source<SourceRecord, ?, ?> prompts();

  /**
   * @return takes results
   */
  Sink<ResultRecord> results();

  /**
   * @param refusedBy which operator refuses, for the record
   * @return takes refused records
   */
  Sink<DeadLetter> deadLetters(RefusedBy refusedBy);

  /**
   * @return cancels; null if there are none
   */
  ControlSource control();

  /** Which operator refuses a record. */
  enum RefusedBy {
    /** Validation and tokenization. */
    ADMIT(AdmitFunction.class),
    /** The chunker. */
    HEAD(HeadOperator.class);

    private final String className;

    RefusedBy(Class<?> operator) {
      this.className = operator.getName();
    }

    /**
     * @return name of the operator's class
     */
    public String className() {
      return className;
    }
  }
}
