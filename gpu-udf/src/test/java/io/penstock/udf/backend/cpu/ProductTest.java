package io.penstock.udf.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.penstock.udf.backend.cpu.ProductShape.Layout;
import java.nio.ByteBuffer;
import java.util.Random;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProductTest {

  @ParameterizedTest
  @EnumSource(CpuPrecision.class)
  void takesAFastKernelForEveryShapeOfAModel(CpuPrecision precision) {
    assumeTrue(precision == CpuPrecision.F32 || OneDnn.hasBf16(), "no bf16 on this machine");
    int[][] shapes = {{576, 960}, {576, 3072}, {1536, 576}, {64, 512}, {72, 40}, {24, 150}};
    for (int[] shape : shapes) {
      for (Layout layout : Layout.values()) {
        for (int rows : new int[] {16, 64, 256}) {
          ProductShape wanted =
              new ProductShape(
                  precision, rows, shape[0], shape[1], shape[0], shape[1], false, layout);
          try (Product product = new Product(wanted)) {
            assertThat(product.implementation()).as(wanted.toString()).startsWith("brg");
          }
        }
      }
    }
  }

  /** Attention's strides are its own: a slow kernel for one of them would go unnoticed. */
  @ParameterizedTest
  @EnumSource(CpuPrecision.class)
  void attentionTakesAFastKernelForEveryBlock(CpuPrecision precision) {
    assumeTrue(precision == CpuPrecision.F32 || OneDnn.hasBf16(), "no bf16 on this machine");
    String wanted = precision == CpuPrecision.BF16 ? "brg_matmul:avx512_core_bf16" : "brg_matmul:";
    AttentionShape shape = AttentionShape.of(precision, 9, 3, 64);
    for (int keys = 64; keys <= shape.blockKeys(); keys += 64) {
      for (ProductShape product : new ProductShape[] {shape.scores(keys), shape.outputs(keys)}) {
        try (Product made = new Product(product)) {
          assertThat(made.implementation()).as(product.toString()).startsWith(wanted);
        }
      }
    }
  }

  @Test
  void aSlowKernelIsNotTakenWhereTheMachineHasBetter() {
    ProductShape shape = ProductShape.packed(CpuPrecision.BF16, 64, 576, 960, false);
    assertThatThrownBy(() -> Product.refuseSlow(shape, "ref:any", true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("implementation=ref:any")
        .hasMessageContaining("inner=576")
        .hasMessageContaining("--cpu-precision f32")
        .hasMessageContaining("--backend reference");
    Product.refuseSlow(shape, "ref:any", false);
    Product.refuseSlow(shape, "brg_matmul:avx512_core_bf16", true);
    ProductShape f32 = ProductShape.packed(CpuPrecision.F32, 64, 576, 960, false);
    assertThatThrownBy(() -> Product.refuseSlow(f32, "ref:any", true))
        .hasMessageContaining("--backend reference")
        .hasMessageNotContaining("--cpu-precision");
  }

  @Test
  void multipliesTransposedAndPlainOperands() {
    Random random = new Random(7);
    for (Layout layout : new Layout[] {Layout.TRANSPOSED, Layout.PLAIN}) {
      ProductShape shape = new ProductShape(CpuPrecision.F32, 5, 24, 40, 26, 48, false, layout);
      dnnl_stream stream = OneDnn.stream();
      long before = NativeBlock.heldBytes();
      try (NativeBlock source = NativeBlock.allocate(5 * 26 * 4, "test");
          NativeBlock weights = NativeBlock.allocate(24 * 40 * 4, "test");
          NativeBlock result = NativeBlock.allocate(5 * 48 * 4, "test");
          Product product = new Product(shape);
          ProductCall call = new ProductCall(product, stream)) {
        fill(source.view(), random);
        fill(weights.view(), random);
        call.run(source.address(), weights.address(), 0, result.address());
        for (int r = 0; r < 5; r++) {
          for (int c = 0; c < 40; c++) {
            double wanted = 0;
            for (int k = 0; k < 24; k++) {
              int w = layout == Layout.PLAIN ? k * 40 + c : c * 24 + k;
              wanted +=
                  (double) source.view().getFloat(4 * (r * 26 + k))
                      * weights.view().getFloat(4 * w);
            }
            double got = result.view().getFloat(4 * (r * 48 + c));
            assertThat(got).isCloseTo(wanted, within(1e-5));
          }
        }
      }
      dnnl.dnnl_stream_destroy(stream);
      assertThat(NativeBlock.heldBytes()).isEqualTo(before);
    }
  }

  private static void fill(ByteBuffer buffer, Random random) {
    for (int at = 0; at < buffer.capacity(); at += 4) {
      buffer.putFloat(at, (float) random.nextGaussian());
    }
  }
}
