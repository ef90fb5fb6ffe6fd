package io.penstock.operators.admit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Source records between source and Admit, where these are not chained, and as origin of a prompt.
 */
public final class SourceRecordSerializer extends ValueSerializer<SourceRecord> {
  private static final long serialVersionUID = 1L;

  /** Version of the format. */
  static final byte VERSION = 1;

  /** For Flink. */
  public SourceRecordSerializer() {}

  @Override
  public void serialize(SourceRecord value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    Wire.writeString(value.topic(), out);
    out.writeInt(value.partition());
    out.writeLong(value.offset());
    out.writeLong(value.timestampMillis());
    Wire.writeBytes(value.key(), out);
    Wire.writeBytes(value.value(), out);
    out.writeInt(value.headers().size());
    for (SourceRecord.Header header : value.headers()) {
      Wire.writeString(header.key(), out);
      Wire.writeBytes(header.value(), out);
    }
  }

  @Override
  public SourceRecord deserialize(DataInputView in) throws IOException {
    Wire.readVersion("SourceRecord", VERSION, in);
    String topic = Wire.readString(in);
    int partition = in.readInt();
    long offset = in.readLong();
    long timestampMillis = in.readLong();
    byte[] key = Wire.readBytes(in);
    byte[] value = Wire.readBytes(in);
    List<SourceRecord.Header> headers = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      headers.add(new SourceRecord.Header(Wire.readString(in), Wire.readBytes(in)));
    }
    return new SourceRecord(topic, partition, offset, timestampMillis, key, value, headers);
  }

  @Override
  public TypeSerializerSnapshot<SourceRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<SourceRecord> {

    /** For Flink. */
    public Snapshot() {
      super(SourceRecordSerializer::new);
    }
  }
}
