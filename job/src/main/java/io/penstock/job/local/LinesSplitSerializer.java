package io.penstock.job.local;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** {@link LinesSplit} in checkpoints; an empty array stands for null: nothing left to hand out. */
final class LinesSplitSerializer implements SimpleVersionedSerializer<LinesSplit> {
  @Override
  public int getVersion() {
    return 1;
  }

  @Override
  public byte[] serialize(LinesSplit split) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (split != null) {
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeUTF(split.file());
      out.writeLong(split.offsetBytes());
      out.writeLong(split.nextLine());
      out.writeLong(split.lastLine());
    }
    return bytes.toByteArray();
  }

  @Override
  public LinesSplit deserialize(int version, byte[] bytes) throws IOException {
    if (version != 1) {
      throw new IOException("unknown version of a split: version=" + version);
    }
    if (bytes.length == 0) {
      return null;
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    return new LinesSplit(in.readUTF(), in.readLong(), in.readLong(), in.readLong());
  }
}
