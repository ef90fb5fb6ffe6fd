package io.penstock.operators.stage;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Fragments on the wire.
 *
 * <pre>
 *   byte   version, 1
 *   int64  frame         int32 index   int32 count
 *   int32  headerBytes   int32 bodyBytes
 *   int32  length        length bytes
 * </pre>
 *
 * All numbers are big-endian. Fragments read here hold arrays of this instance's {@link
 * FragmentPool}.
 */
public final class FragmentSerializer extends TypeSerializer<Fragment> {
  private static final long serialVersionUID = 1L;

  /** Version of the format of fragments. */
  static final byte VERSION = 1;

  private transient FragmentPool pool;

  /** A serializer with a pool of its own. */
  public FragmentSerializer() {}

  @Override
  public void serialize(Fragment fragment, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    out.writeLong(fragment.frame());
    out.writeInt(fragment.index());
    out.writeInt(fragment.count());
    out.writeInt(fragment.headerBytes());
    out.writeInt(fragment.bodyBytes());
    out.writeInt(fragment.length());
    out.write(fragment.bytes(), 0, fragment.length());
  }

  @Override
  public Fragment deserialize(DataInputView in) throws IOException {
    byte version = in.readByte();
    if (version != VERSION) {
      throw new FrameException(
          "fragment of another version: version="
              + version
              + " expected="
              + VERSION
              + "; do all stages run one build?");
    }
    long frame = in.readLong();
    int index = in.readInt();
    int count = in.readInt();
    int headerBytes = in.readInt();
    int bodyBytes = in.readInt();
    int length = in.readInt();
    if (length < 0 || length > Fragment.MAX_BYTES) {
      throw new FrameException(
          "bad fragment: frame="
              + frame
              + " index="
              + index
              + " length="
              + length
              + " mostBytes="
              + Fragment.MAX_BYTES);
    }
    FragmentPool from = pool();
    byte[] bytes = from.take(length);
    in.readFully(bytes, 0, length);
    return new Fragment(frame, index, count, headerBytes, bodyBytes, bytes, length, from);
  }

  @Override
  public Fragment deserialize(Fragment reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    Fragment fragment = deserialize(in);
    serialize(fragment, out);
    fragment.release();
  }

  @Override
  public Fragment copy(Fragment from) {
    return new Fragment(
        from.frame(),
        from.index(),
        from.count(),
        from.headerBytes(),
        from.bodyBytes(),
        Arrays.copyOf(from.bytes(), from.length()),
        from.length(),
        null);
  }

  @Override
  public Fragment copy(Fragment from, Fragment reuse) {
    return copy(from);
  }

  @Override
  public Fragment createInstance() {
    return new Fragment(0, 0, 1, 0, 0, new byte[0], 0, null);
  }

  @Override
  public TypeSerializer<Fragment> duplicate() {
    return new FragmentSerializer();
  }

  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public TypeSerializerSnapshot<Fragment> snapshotConfiguration() {
    return new Snapshot();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FragmentSerializer;
  }

  @Override
  public int hashCode() {
    return FragmentSerializer.class.hashCode();
  }

  private FragmentPool pool() {
    if (pool == null) {
      pool = new FragmentPool();
    }
    return pool;
  }

  /** Fragments are never in a checkpoint; Flink asks for this all the same. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Fragment> {

    /** For Flink. */
    public Snapshot() {
      super(FragmentSerializer::new);
    }
  }
}
