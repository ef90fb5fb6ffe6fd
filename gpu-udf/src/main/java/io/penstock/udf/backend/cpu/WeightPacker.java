package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import io.penstock.udf.model.WeightTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Brings weights from a model file into the form that the backend computes with. Of the model, only
 * a block of rows of at most {@value #BLOCK_FLOATS} values is ever on the Java heap; a matrix that
 * is being packed is held twice outside of it for the moment.
 */
final class WeightPacker {
  private static final int BLOCK_FLOATS = 1 << 20;

  private final CpuPrecision precision;
  private final RowKernels kernels;

  WeightPacker(CpuPrecision precision, RowKernels kernels) {
    this.precision = precision;
    this.kernels = kernels;
  }

  PackedVector vector(WeightTensor tensor) throws IOException {
    float[] values = new float[tensor.cols()];
    tensor.readRows(0, 1, values, 0);
    return new PackedVector(values);
  }

  PackedEmbedding embedding(WeightTensor tensor) throws IOException {
    int rowBytes = tensor.cols() * precision.bytes();
    RowBlocks rows = new RowBlocks(tensor.rows(), rowBytes, "the embedding " + tensor.name());
    try {
      read(tensor, (row, values, at) -> narrow(values, at, tensor.cols(), rows, row));
    } catch (IOException | RuntimeException | Error e) {
      rows.close();
      throw e;
    }
    return new PackedEmbedding(rows, tensor.cols());
  }

  private void narrow(ByteBuffer values, int at, int count, RowBlocks rows, int row) {
    boolean bf16 = precision == CpuPrecision.BF16;
    kernels.narrow(values, at, count, bf16, rows.view(row), rows.offset(row));
  }

  PackedLinear linear(List<WeightTensor> parts, List<WeightTensor> biases) throws IOException {
    int inner = parts.get(0).cols();
    int cols = 0;
    for (WeightTensor part : parts) {
      if (part.cols() != inner) {
        throw new IllegalArgumentException(
            "parts of a product must read the same input: tensor="
                + part.name()
                + " cols="
                + part.cols()
                + " expected="
                + inner);
      }
      cols += part.rows();
    }
    ProductShape shape =
        ProductShape.packed(precision, TiledProduct.TILE, inner, cols, !biases.isEmpty());
    PackedVector bias = biases.isEmpty() ? null : new PackedVector(concatenate(biases, cols));
    try {
      return new PackedLinear(shape, pack(shape, parts), bias);
    } catch (IOException | RuntimeException | Error e) {
      if (bias != null) {
        bias.close();
      }
      throw e;
    }
  }

  private static float[] concatenate(List<WeightTensor> vectors, int length) throws IOException {
    float[] all = new float[length];
    int at = 0;
    for (WeightTensor vector : vectors) {
      vector.readRows(0, 1, all, at);
      at += vector.cols();
    }
    if (at != length) {
      throw new IllegalArgumentException(
          "biases do not fit their product: biasValues=" + at + " outputs=" + length);
    }
    return all;
  }

  private NativeBlock pack(ProductShape shape, List<WeightTensor> parts) throws IOException {
    String purpose = "the weights " + parts.get(0).name();
    int rowBytes = shape.inner() * precision.bytes();
    try (RowBlocks plain = new RowBlocks(shape.cols(), rowBytes, purpose);
        Product product = new Product(shape)) {
      int firstRow = 0;
      for (WeightTensor part : parts) {
        int base = firstRow;
        read(part, (row, values, at) -> narrow(values, at, part.cols(), plain, base + row));
        firstRow += part.rows();
      }
      NativeBlock packed =
          NativeBlock.allocate(dnnl_memory_desc_get_size(product.weights()), purpose);
      try {
        reorder(shape, plain.address(), product.weights(), packed.address());
      } catch (RuntimeException | Error e) {
        packed.close();
        throw e;
      }
      return packed;
    }
  }

  /** Packs {@code cols × inner} row-major weights as {@code packing} says. */
  private static void reorder(
      ProductShape shape, long plain, dnnl_memory_desc packing, long packed) {
    int type = shape.precision().oneDnnType();
    try (Held passing = new Held();
        Lane lane = new Lane(0)) {
      dnnl_memory_desc desc = OneDnn.strided(type, shape.inner(), shape.cols(), 1, shape.inner());
      passing.add(() -> dnnl_memory_desc_destroy(desc));
      dnnl_primitive_desc plan = new dnnl_primitive_desc();
      OneDnn.check(
          dnnl_reorder_primitive_desc_create(
              plan,
              desc,
              OneDnn.sharedEngine(),
              packing,
              OneDnn.sharedEngine(),
              (dnnl_primitive_attr) null),
          "dnnl_reorder_primitive_desc_create " + shape);
      passing.add(() -> dnnl_primitive_desc_destroy(plan));
      dnnl_primitive primitive = new dnnl_primitive();
      OneDnn.check(dnnl_primitive_create(primitive, plan), "dnnl_primitive_create");
      passing.add(() -> dnnl_primitive_destroy(primitive));
      dnnl_memory from = OneDnn.memory(desc, new OneDnn.Address().at(plain));
      passing.add(() -> dnnl_memory_destroy(from));
      dnnl_memory to = OneDnn.memory(packing, new OneDnn.Address().at(packed));
      passing.add(() -> dnnl_memory_destroy(to));
      dnnl_exec_arg_t arguments = passing.add(new dnnl_exec_arg_t(2));
      arguments.position(0).arg(DNNL_ARG_FROM).memory(from);
      arguments.position(1).arg(DNNL_ARG_TO).memory(to);
      int status = dnnl_primitive_execute(primitive, lane.stream(), 2, arguments.position(0));
      OneDnn.check(status, "dnnl_primitive_execute (reorder)");
    }
  }

  private interface RowReader {
    void accept(int row, ByteBuffer values, int at);
  }

  private static void read(WeightTensor tensor, RowReader reader) throws IOException {
    int cols = tensor.cols();
    int blockRows = Math.max(1, Math.min(tensor.rows(), BLOCK_FLOATS / cols));
    float[] heap = new float[Math.multiplyExact(blockRows, cols)];
    try (NativeBlock block = NativeBlock.allocate(4L * heap.length, "a block of weights")) {
      ByteBuffer values = block.view();
      for (int first = 0; first < tensor.rows(); first += blockRows) {
        int count = Math.min(blockRows, tensor.rows() - first);
        tensor.readRows(first, count, heap, 0);
        values.asFloatBuffer().put(heap, 0, count * cols);
        for (int row = 0; row < count; row++) {
          reader.accept(first + row, values, 4 * row * cols);
        }
      }
    }
  }
}
