package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import java.nio.ByteBuffer;

/** A float32 vector. */
final class PackedVector implements Backend.Norm {
  private final NativeBlock memory;
  private final ByteBuffer values;
  private final int length;

  PackedVector(float[] values) {
    this.length = values.length;
    this.memory = NativeBlock.allocate(4L * values.length, "a vector");
    this.values = memory.view();
    this.values.asFloatBuffer().put(values);
  }

  int length() {
    return length;
  }

  ByteBuffer values() {
    return values;
  }

  long address() {
    return memory.address();
  }

  @Override
  public long sizeBytes() {
    return memory.sizeBytes();
  }

  @Override
  public void close() {
    memory.close();
  }
}
