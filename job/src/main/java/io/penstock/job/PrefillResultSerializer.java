package io.penstock.job;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.ValueTypeInfo;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.UnreadableRecordException;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Results on their way from the last stage to the sink: length, then as on Kafka. */
public final class PrefillResultSerializer extends ValueSerializer<PrefillResult> {
  private static final long serialVersionUID = 1L;

  /** Type of results, for Flink. */
  static final TypeInformation<PrefillResult> TYPE =
      new ValueTypeInfo<>(PrefillResult.class, new PrefillResultSerializer());

  /** For Flink. */
  public PrefillResultSerializer() {}

  @Override
  public void serialize(PrefillResult result, DataOutputView out) throws IOException {
    byte[] bytes = AvroCodec.PREFILL_RESULT.encode(result);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  @Override
  public PrefillResult deserialize(DataInputView in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    try {
      return AvroCodec.PREFILL_RESULT.decode(bytes);
    } catch (UnreadableRecordException e) {
      throw new IOException("a result was damaged on its way: " + e.getMessage(), e);
    }
  }

  @Override
  public TypeSerializerSnapshot<PrefillResult> snapshotConfiguration() {
    return new Snapshot();
  }

  /** For Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<PrefillResult> {

    /** For Flink. */
    public Snapshot() {
      super(PrefillResultSerializer::new);
    }
  }
}
