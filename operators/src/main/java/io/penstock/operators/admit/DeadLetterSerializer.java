package io.penstock.operators.admit;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Dead letters between Admit or head and their sink, where these are not chained. */
public final class DeadLetterSerializer extends ValueSerializer<DeadLetter> {
  private static final long serialVersionUID = 1L;

  /** Version of the format. */
  static final byte VERSION = 1;

  /** For Flink. */
  public DeadLetterSerializer() {}

  @Override
  public void serialize(DeadLetter value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    Wire.writeString(value.getRequestId(), out);
    Wire.writeBytes(Wire.bytes(value.getOriginalKey()), out);
    Wire.writeBytes(Wire.bytes(value.getOriginalValue()), out);
    Wire.writeHeaders(value.getOriginalHeaders(), out);
    Wire.writeString(value.getReasonCode().name(), out);
    Wire.writeString(value.getMessage(), out);
    Wire.writeString(value.getTopic(), out);
    out.writeInt(value.getPartition());
    out.writeLong(value.getOffset());
  }

  @Override
  public DeadLetter deserialize(DataInputView in) throws IOException {
    Wire.readVersion("DeadLetter", VERSION, in);
    String requestId = Wire.readString(in);
    ByteBuffer key = buffer(Wire.readBytes(in));
    ByteBuffer value = buffer(Wire.readBytes(in));
    List<RecordHeader> headers = Wire.readHeaders(in);
    return new DeadLetter(
        requestId,
        key,
        value,
        headers,
        ReasonCode.valueOf(Wire.readString(in)),
        Wire.readString(in),
        Wire.readString(in),
        in.readInt(),
        in.readLong());
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  @Override
  public TypeSerializerSnapshot<DeadLetter> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<DeadLetter> {

    /** For Flink. */
    public Snapshot() {
      super(DeadLetterSerializer::new);
    }
  }
}
