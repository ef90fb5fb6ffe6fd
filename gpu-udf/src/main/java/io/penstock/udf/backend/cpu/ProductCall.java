package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * One lane's way to run a {@link Product}: arguments and scratchpad made once, so that a run
 * allocates nothing. One thread at a time; closed before its product.
 */
final class ProductCall implements AutoCloseable {
  private final Product product;
  private final dnnl_stream stream;
  private final OneDnn.Address address = new OneDnn.Address();
  private final Held held = new Held();
  private final dnnl_memory source;
  private final dnnl_memory weights;
  private final dnnl_memory bias;
  private final dnnl_memory result;
  private final dnnl_memory scratch;
  private final dnnl_exec_arg_t arguments;
  private final int argumentCount;

  ProductCall(Product product, dnnl_stream stream) {
    this.product = product;
    this.stream = stream;
    long scratchBytes = dnnl_memory_desc_get_size(product.scratchpad());
    try {
      NativeBlock scratchpad =
          held.add(NativeBlock.allocate(Math.max(scratchBytes, 64), "a product's scratchpad"));
      this.source = memory(product.source(), scratchpad.address());
      this.weights = memory(product.weights(), scratchpad.address());
      this.result = memory(product.result(), scratchpad.address());
      this.scratch = memory(product.scratchpad(), scratchpad.address());
      this.bias = product.bias() == null ? null : memory(product.bias(), scratchpad.address());
    } catch (RuntimeException | Error e) {
      held.close();
      throw e;
    }
    this.argumentCount = bias == null ? 4 : 5;
    this.arguments = new dnnl_exec_arg_t(argumentCount);
    arguments.position(0).arg(DNNL_ARG_SRC).memory(source);
    arguments.position(1).arg(DNNL_ARG_WEIGHTS).memory(weights);
    arguments.position(2).arg(DNNL_ARG_DST).memory(result);
    arguments.position(3).arg(DNNL_ARG_SCRATCHPAD).memory(scratch);
    if (bias != null) {
      arguments.position(4).arg(DNNL_ARG_BIAS).memory(bias);
    }
    arguments.position(0);
    held.add(arguments::deallocate);
  }

  private dnnl_memory memory(dnnl_memory_desc desc, long at) {
    dnnl_memory memory = OneDnn.memory(desc, address.at(at));
    held.add(() -> dnnl_memory_destroy(memory));
    return memory;
  }

  /**
   * Runs the product; returns when it is done.
   *
   * @param sourceAddress of the first source row
   * @param weightsAddress of the weights, as {@link Product#weights()} says
   * @param biasAddress of the bias vector; ignored without one
   * @param resultAddress of the first result row
   */
  void run(long sourceAddress, long weightsAddress, long biasAddress, long resultAddress) {
    set(source, sourceAddress);
    set(weights, weightsAddress);
    set(result, resultAddress);
    if (bias != null) {
      set(bias, biasAddress);
    }
    int status = dnnl_primitive_execute(product.primitive(), stream, argumentCount, arguments);
    if (status != 0) {
      throw new IllegalStateException(
          "oneDNN product failed: status=" + status + " shape=" + product.shape());
    }
  }

  private void set(dnnl_memory memory, long newAddress) {
    int status = dnnl_memory_set_data_handle(memory, address.at(newAddress));
    if (status != 0) {
      throw new IllegalStateException("dnnl_memory_set_data_handle failed: status=" + status);
    }
  }

  @Override
  public void close() {
    held.close();
  }
}
