package io.penstock.operators.token;

import io.penstock.operators.admit.ValueSerializer;
import io.penstock.operators.admit.ValueTypeInfo;
import io.penstock.schemas.PrefillResult;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Results between chained operators of a test: passed by reference, never serialized. */
public final class ResultByReference extends ValueSerializer<PrefillResult> {
  private static final long serialVersionUID = 1L;

  /** The type with this serializer. */
  public static final TypeInformation<PrefillResult> TYPE =
      new ValueTypeInfo<>(PrefillResult.class, new ResultByReference());

  @Override
  public void serialize(PrefillResult result, DataOutputView out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PrefillResult deserialize(DataInputView in) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TypeSerializerSnapshot<PrefillResult> snapshotConfiguration() {
    throw new UnsupportedOperationException();
  }
}
