package io.penstock.operators.admit;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Prompts on the edge between Admit and the head. */
public final class AdmittedPromptSerializer extends ValueSerializer<AdmittedPrompt> {
  private static final long serialVersionUID = 1L;

  private static final SourceRecordSerializer ORIGIN = new SourceRecordSerializer();

  /** Version of the format. */
  static final byte VERSION = 1;

  /** For Flink. */
  public AdmittedPromptSerializer() {}

  @Override
  public void serialize(AdmittedPrompt value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    Wire.writeString(value.requestId(), out);
    Wire.writeString(value.routingKey(), out);
    Wire.writeInts(value.tokenIds(), out);
    out.writeInt(value.topLogits());
    Wire.writeLabels(value.metadata(), out);
    out.writeLong(value.arrivalMillis());
    ORIGIN.serialize(value.origin(), out);
  }

  @Override
  public AdmittedPrompt deserialize(DataInputView in) throws IOException {
    Wire.readVersion("AdmittedPrompt", VERSION, in);
    return new AdmittedPrompt(
        Wire.readString(in),
        Wire.readString(in),
        Wire.readInts(in),
        in.readInt(),
        Wire.readLabels(in),
        in.readLong(),
        ORIGIN.deserialize(in));
  }

  @Override
  public TypeSerializerSnapshot<AdmittedPrompt> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<AdmittedPrompt> {

    /** For Flink. */
    public Snapshot() {
      super(AdmittedPromptSerializer::new);
    }
  }
}
