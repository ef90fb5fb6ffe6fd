package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import org.bytedeco.dnnl.dnnl_stream;

/** What one thread of a backend needs to call oneDNN. Used by one thread at a time. */
final class Lane implements AutoCloseable {
  private final int index;
  private final dnnl_stream stream = OneDnn.stream();

  Lane(int index) {
    this.index = index;
  }

  /** From 0; lane 0 is the stage's worker thread. */
  int index() {
    return index;
  }

  dnnl_stream stream() {
    return stream;
  }

  @Override
  public void close() {
    dnnl_stream_destroy(stream);
  }
}
