package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;

import java.util.HashMap;
import java.util.Map;

/**
 * Logits of a few rows: final norm, then the LM head in tiles of {@value #ROWS} rows, however few
 * there are, so that company changes nothing. Scratch and product are made at the first call with a
 * head and kept.
 */
final class HeadOperation implements AutoCloseable {
  /** Few rows are usual, and the head is the largest matrix: a small tile. */
  static final int ROWS = 16;

  private final Lane lane;
  private final RowKernels kernels;
  private final CpuPrecision precision;
  private final Map<ProductShape, Head> heads = new HashMap<>();

  HeadOperation(Lane lane, RowKernels kernels, CpuPrecision precision) {
    this.lane = lane;
    this.kernels = kernels;
    this.precision = precision;
  }

  /** What one shape of head needs. */
  private final class Head implements AutoCloseable {
    private final Held held = new Held();
    private final ProductCall call;
    private final CpuMatrix normed;
    private final CpuMatrix logits;

    Head(ProductShape shape) {
      try (Product packer = new Product(shape)) {
        Product product = held.add(new Product(shape.withRows(ROWS), packer.weights()));
        if (dnnl_memory_desc_equal(product.weights(), packer.weights()) == 0) {
          throw new IllegalStateException("oneDNN packs the LM head otherwise: shape=" + shape);
        }
        call = held.add(new ProductCall(product, lane.stream()));
        normed = held.add(new CpuMatrix(ROWS, shape.inner(), precision.bytes()));
        logits = held.add(new CpuMatrix(ROWS, shape.cols(), Float.BYTES));
      } catch (RuntimeException | Error e) {
        held.close();
        throw e;
      }
    }

    @Override
    public void close() {
      held.close();
    }
  }

  float[][] run(
      CpuMatrix residual, int[] rows, PackedVector weight, float epsilon, PackedLinear head) {
    OpenMp.oneThread();
    Head tools = heads.computeIfAbsent(head.shape(), Head::new);
    float[][] all = new float[rows.length][];
    for (int first = 0; first < rows.length; first += ROWS) {
      int count = Math.min(ROWS, rows.length - first);
      for (int i = 0; i < count; i++) {
        norm(residual, rows[first + i], weight, epsilon, tools.normed, i);
      }
      tools.call.run(
          tools.normed.address(0),
          head.weightsAddress(),
          head.biasAddress(),
          tools.logits.address(0));
      for (int i = 0; i < count; i++) {
        float[] logits = new float[head.outFeatures()];
        int index = tools.logits.offset(i) / Float.BYTES;
        tools.logits.bytes().asFloatBuffer().get(index, logits);
        all[first + i] = logits;
      }
    }
    return all;
  }

  private void norm(
      CpuMatrix residual, int row, PackedVector weight, float epsilon, CpuMatrix to, int toRow) {
    kernels.rmsNorm(
        residual.bytes(),
        residual.offset(row),
        null,
        0,
        weight.values(),
        epsilon,
        residual.cols(),
        precision == CpuPrecision.BF16,
        to.bytes(),
        to.offset(toRow));
  }

  @Override
  public void close() {
    heads.values().forEach(Head::close);
  }
}
