package io.penstock.operators.chunk;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.Wire;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Bodies of prompts in state. */
public final class PromptBodySerializer extends ValueSerializer<PromptBody> {
  private static final long serialVersionUID = 1L;

  /** Version of the format. */
  static final byte VERSION = 1;

  /** For Flink. */
  public PromptBodySerializer() {}

  @Override
  public void serialize(PromptBody value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    Wire.writeInts(value.tokenIds(), out);
    out.writeInt(value.topLogits());
    Wire.writeLabels(value.metadata(), out);
  }

  @Override
  public PromptBody deserialize(DataInputView in) throws IOException {
    Wire.readVersion("PromptBody", VERSION, in);
    return new PromptBody(Wire.readInts(in), in.readInt(), Wire.readLabels(in));
  }

  @Override
  public TypeSerializerSnapshot<PromptBody> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<PromptBody> {

    /** For Flink. */
    public Snapshot() {
      super(PromptBodySerializer::new);
    }
  }
}
