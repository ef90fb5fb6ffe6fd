package io.penstock.operators.chunk;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.Wire;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Bodies of prompts in state. Version 1, without headers, is still read: savepoints of earlier
 * builds hold it.
 */
public final class PromptBodySerializer extends ValueSerializer<PromptBody> {
  private static final long serialVersionUID = 1L;

  /** Version of the format. */
  static final byte VERSION = 2;

  private static final byte WITHOUT_HEADERS = 1;

  /** For Flink. */
  public PromptBodySerializer() {}

  @Override
  public void serialize(PromptBody value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    Wire.writeInts(value.tokenIds(), out);
    out.writeInt(value.topLogits());
    Wire.writeLabels(value.metadata(), out);
    Wire.writeHeaders(value.headers(), out);
  }

  @Override
  public PromptBody deserialize(DataInputView in) throws IOException {
    byte version = Wire.readVersion("PromptBody", WITHOUT_HEADERS, VERSION, in);
    return new PromptBody(
        Wire.readInts(in),
        in.readInt(),
        Wire.readLabels(in),
        version == WITHOUT_HEADERS ? List.of() : Wire.readHeaders(in));
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
