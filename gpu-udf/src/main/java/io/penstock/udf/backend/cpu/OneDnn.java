package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_in_order;

import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/** The process's oneDNN engine, and its calls with their status checked. */
final class OneDnn {
  static {
    JavaCpp.unlimited();
  }

  /** One engine for the life of the process; engines are thread-safe. */
  private static final dnnl_engine ENGINE = engine();

  private OneDnn() {}

  private static dnnl_engine engine() {
    dnnl_engine engine = new dnnl_engine();
    check(dnnl_engine_create(engine, dnnl_cpu, 0), "dnnl_engine_create");
    return engine;
  }

  static dnnl_engine sharedEngine() {
    return ENGINE;
  }

  static void check(int status, String call) {
    if (status != 0) {
      throw new IllegalStateException("oneDNN call failed: call=" + call + " status=" + status);
    }
  }

  /**
   * @return whether oneDNN may use AVX512_BF16 (or AMX) here: the machine has it and
   *     ONEDNN_MAX_CPU_ISA does not forbid it
   */
  static boolean hasBf16() {
    int wanted = dnnl_cpu_isa_avx512_core_bf16;
    return (dnnl_get_effective_cpu_isa() & wanted) == wanted;
  }

  /** Whether oneDNN may use AVX2 here or better, which it has fast products for. */
  static boolean hasFastProducts() {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2;
  }

  static dnnl_stream stream() {
    dnnl_stream stream = new dnnl_stream();
    check(dnnl_stream_create(stream, ENGINE, dnnl_stream_in_order), "dnnl_stream_create");
    return stream;
  }

  /** Describes {@code rows × cols} elements at given strides (in elements). */
  static dnnl_memory_desc strided(int type, long rows, long cols, long rowStride, long colStride) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_strides(
            desc, 2, new long[] {rows, cols}, type, new long[] {rowStride, colStride}),
        "dnnl_memory_desc_create_with_strides");
    return desc;
  }

  /** Describes {@code rows × cols} elements in a named format. */
  static dnnl_memory_desc tagged(int type, long rows, long cols, int tag) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_tag(desc, 2, new long[] {rows, cols}, type, tag),
        "dnnl_memory_desc_create_with_tag");
    return desc;
  }

  static dnnl_memory memory(dnnl_memory_desc desc, Address address) {
    dnnl_memory memory = new dnnl_memory();
    check(dnnl_memory_create(memory, desc, ENGINE, address), "dnnl_memory_create");
    return memory;
  }

  /** An address that can be moved, so that calls make no garbage. One thread at a time. */
  static final class Address extends Pointer {
    Address() {
      super((Pointer) null);
    }

    Address at(long newAddress) {
      this.address = newAddress;
      return this;
    }
  }
}
