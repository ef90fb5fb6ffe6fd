package io.penstock.operators.chunk;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.Wire;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Progress of prompts in state. */
public final class ProgressSerializer extends ValueSerializer<Progress> {
  private static final long serialVersionUID = 1L;

  /** Version of the format. */
  static final byte VERSION = 1;

  /** For Flink. */
  public ProgressSerializer() {}

  @Override
  public void serialize(Progress value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    out.writeLong(value.arrival());
    out.writeLong(value.arrivalMillis());
    out.writeInt(value.tokens());
    out.writeBoolean(value.open());
    out.writeInt(value.emittedTokens());
  }

  @Override
  public Progress deserialize(DataInputView in) throws IOException {
    Wire.readVersion("Progress", VERSION, in);
    return new Progress(in.readLong(), in.readLong(), in.readInt(), in.readBoolean(), in.readInt());
  }

  @Override
  public TypeSerializerSnapshot<Progress> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Progress> {

    /** For Flink. */
    public Snapshot() {
      super(ProgressSerializer::new);
    }
  }
}
