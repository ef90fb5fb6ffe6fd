package io.penstock.job;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.ValueTypeInfo;
import io.penstock.operators.admit.Wire;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.UnreadableRecordException;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Results on their way from the last stage to the sink: length, result in Avro as on Kafka,
 * headers.
 */
public final class ResultRecordSerializer extends ValueSerializer<ResultRecord> {
  private static final long serialVersionUID = 1L;

  /** Type of results, for Flink. */
  static final TypeInformation<ResultRecord> TYPE =
      new ValueTypeInfo<>(ResultRecord.class, new ResultRecordSerializer());

  /** For Flink. */
  public ResultRecordSerializer() {}

  @Override
  public void serialize(ResultRecord value, DataOutputView out) throws IOException {
    Wire.writeBytes(AvroCodec.PREFILL_RESULT.encode(value.result()), out);
    Wire.writeHeaders(value.headers(), out);
  }

  @Override
  public ResultRecord deserialize(DataInputView in) throws IOException {
    try {
      return new ResultRecord(
          AvroCodec.PREFILL_RESULT.decode(Wire.readBytes(in)), Wire.readHeaders(in));
    } catch (UnreadableRecordException e) {
      throw new IOException("a result was damaged on its way: " + e.getMessage(), e);
    }
  }

  @Override
  public TypeSerializerSnapshot<ResultRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<ResultRecord> {

    /** For Flink. */
    public Snapshot() {
      super(ResultRecordSerializer::new);
    }
  }
}
