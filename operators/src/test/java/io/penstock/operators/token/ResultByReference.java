package io.penstock.operators.token;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.ValueTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Results between chained operators of a test: passed by reference, never serialized. */
public final class ResultByReference extends ValueSerializer<ResultRecord> {
  private static final long serialVersionUID = 1L;

  /** The type with this serializer. */
  public static final TypeInformation<ResultRecord> TYPE =
      new ValueTypeInfo<>(ResultRecord.class, new ResultByReference());

  @Override
  public void serialize(ResultRecord result, DataOutputView out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ResultRecord deserialize(DataInputView in) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TypeSerializerSnapshot<ResultRecord> snapshotConfiguration() {
    throw new UnsupportedOperationException();
  }
}
