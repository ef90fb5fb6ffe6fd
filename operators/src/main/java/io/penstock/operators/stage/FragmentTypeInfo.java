package io.penstock.operators.stage;

import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** Type of {@link Fragment} for Flink: neither a key nor a tuple, with a serializer of its own. */
public final class FragmentTypeInfo extends TypeInformation<Fragment> {
  private static final long serialVersionUID = 1L;

  /** The one that is needed. */
  public static final FragmentTypeInfo INSTANCE = new FragmentTypeInfo();

  private FragmentTypeInfo() {}

  @Override
  public TypeSerializer<Fragment> createSerializer(SerializerConfig config) {
    return new FragmentSerializer();
  }

  @Override
  public Class<Fragment> getTypeClass() {
    return Fragment.class;
  }

  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof FragmentTypeInfo;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FragmentTypeInfo;
  }

  @Override
  public int hashCode() {
    return FragmentTypeInfo.class.hashCode();
  }

  @Override
  public String toString() {
    return "Fragment";
  }
}
