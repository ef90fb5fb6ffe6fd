package io.penstock.operators.admit;

import io.penstock.schemas.DeadLetter;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** Types of what enters and leaves Admit, for Flink. */
public final class AdmitTypes {

  /** Records from the source. */
  public static final TypeInformation<SourceRecord> SOURCE_RECORD =
      new ValueTypeInfo<>(SourceRecord.class, new SourceRecordSerializer());

  /** Prompts for the head. */
  public static final TypeInformation<AdmittedPrompt> ADMITTED_PROMPT =
      new ValueTypeInfo<>(AdmittedPrompt.class, new AdmittedPromptSerializer());

  /** Refused records. */
  public static final TypeInformation<DeadLetter> DEAD_LETTER =
      new ValueTypeInfo<>(DeadLetter.class, new DeadLetterSerializer());

  private AdmitTypes() {}
}
