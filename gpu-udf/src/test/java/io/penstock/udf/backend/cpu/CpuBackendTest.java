package io.penstock.udf.backend.cpu;

import static io.penstock.udf.model.ModelConfig.FULL_ATTENTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.backend.ArrayTensor;
import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.Backend.Role;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.Backends;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.WeightTensor;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuBackendTest {
  private long heldBefore;

  @BeforeEach
  void noteMemory() {
    heldBefore = NativeBlock.heldBytes();
  }

  @AfterEach
  void allMemoryIsGivenBack() {
    assertThat(NativeBlock.heldBytes()).isEqualTo(heldBefore);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("cpu-lane"));
  }

  private static CpuBackend open(String precision, int threads) {
    return new CpuBackend(new BackendOptions(precision, threads), RowKernelsLoader.load());
  }

  private static WeightTensor tensor(Random random, int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(cols));
    }
    return new ArrayTensor("test", rows, cols, values);
  }

  @Test
  void isFoundByName() {
    try (Backend backend = Backends.open("cpu", new BackendOptions("f32", 1))) {
      assertThat(backend.name()).isEqualTo("cpu");
      assertThat(backend.describe())
          .contains("f32", "brg_matmul", "vector-", "threads=1")
          .doesNotContain("ref");
      assertThat(backend.kvElementBytes()).isEqualTo(4);
      assertThat(backend.residualType()).isEqualTo(ElementType.F32);
    }
  }

  @Test
  void autoIsTheBestThatTheMachineHas() {
    try (Backend backend = open("auto", 1)) {
      assertThat(backend.kvElementBytes()).isEqualTo(OneDnn.hasBf16() ? 2 : 4);
    }
    assertThat(CpuPrecision.resolve("auto", true)).isEqualTo(CpuPrecision.BF16);
    assertThat(CpuPrecision.resolve("auto", false)).isEqualTo(CpuPrecision.F32);
    assertThat(CpuPrecision.resolve("f32", true)).isEqualTo(CpuPrecision.F32);
  }

  @Test
  void whatTheMachineLacksFails() {
    assertThatThrownBy(() -> CpuPrecision.resolve("bf16", false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("--cpu-precision")
        .hasMessageContaining("bf16");
    assertThatThrownBy(() -> open("int8", 1))
        .hasMessageContaining("precision=int8")
        .hasMessageContaining("--cpu-precision");
    assertThatThrownBy(() -> open("f32", 0)).hasMessageContaining("--cpu-threads");
  }

  @Test
  void largeTilesAreProvedHere() {
    List<Lane> lanes = List.of(new Lane(0));
    for (CpuPrecision precision : CpuPrecision.values()) {
      if (precision == CpuPrecision.BF16 && !OneDnn.hasBf16()) {
        continue;
      }
      for (int[] shape : new int[][] {{576, 960}, {1536, 576}, {576, 3072}, {4096, 512}}) {
        ProductShape wanted =
            ProductShape.packed(precision, TiledProduct.TILE, shape[0], shape[1], true);
        try (TiledProduct product = new TiledProduct(wanted, lanes)) {
          assertThat(product.largeTiles()).as(wanted.toString()).isTrue();
        }
      }
    }
    lanes.forEach(Lane::close);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "auto"})
  void threadsChangeNoBit(String precision) throws IOException {
    float[] alone = layer(precision, 1);
    assertThat(layer(precision, 2)).isEqualTo(alone);
    assertThat(layer(precision, 3)).isEqualTo(alone);
  }

  /** Something of each operation over 600 rows. */
  private static float[] layer(String precision, int threads) throws IOException {
    int rows = 600;
    int hidden = 96;
    int heads = 4;
    int kvHeads = 2;
    int headDim = 32;
    int qkvCols = (heads + 2 * kvHeads) * headDim;
    Random random = new Random(5);
    Activations activations = new Activations(ElementType.F32, rows, hidden);
    activations.resize(rows);
    for (int i = 0; i < rows * hidden; i++) {
      activations.bytes().putFloat(4 * i, (float) random.nextGaussian());
    }
    int[] pages = new int[KvLayout.pagesFor(rows)];
    for (int i = 0; i < pages.length; i++) {
      pages[i] = (i * 7 + 3) % pages.length;
    }
    List<Segment> segments = List.of(new Segment("a", 0, rows, pages, true));
    try (CpuBackend backend = open(precision, threads);
        Backend.Norm norm = backend.packNorm(tensor(random, 1, hidden));
        Backend.Linear qkv =
            backend.packLinear(
                List.of(tensor(random, qkvCols, hidden)), List.of(tensor(random, 1, qkvCols)));
        Backend.Linear output =
            backend.packLinear(List.of(tensor(random, hidden, heads * headDim)), List.of());
        Backend.Linear gateUp =
            backend.packLinear(List.of(tensor(random, 2 * hidden, hidden)), List.of());
        Backend.KvPool pool =
            backend.kvPool(
                new KvLayout(1, kvHeads, headDim, backend.kvElementBytes()), pages.length);
        Backend.RopeTable rope = backend.ropeTable(new float[headDim / 2], rows);
        Backend.Matrix residual = backend.matrix(Role.RESIDUAL, rows, hidden);
        Backend.Matrix normed = backend.matrix(Role.OPERAND, rows, hidden);
        Backend.Matrix qkvOut = backend.matrix(Role.PRODUCT, rows, qkvCols);
        Backend.Matrix attended = backend.matrix(Role.OPERAND, rows, heads * headDim);
        Backend.Matrix product = backend.matrix(Role.PRODUCT, rows, hidden);
        Backend.Matrix gates = backend.matrix(Role.PRODUCT, rows, 2 * hidden)) {
      backend.load(activations, residual);
      backend.rmsNorm(residual, null, norm, 1e-5f, rows, normed);
      backend.linear(qkv, normed, rows, qkvOut);
      backend.ropeAndStore(qkvOut, segments, heads, rope, pool, 0);
      backend.attention(qkvOut, segments, heads, FULL_ATTENTION, pool, 0, attended);
      backend.linear(output, attended, rows, product);
      backend.rmsNorm(residual, product, norm, 1e-5f, rows, normed);
      backend.linear(gateUp, normed, rows, gates);
      backend.gatedActivation(gates, rows, normed);
      backend.linear(gateUp, normed, rows, gates);
      int[] last = {0, 63, 64, rows - 1};
      float[][] logits = backend.logits(residual, last, norm, 1e-5f, gateUp);
      CpuMatrix read = (CpuMatrix) gates;
      float[] all = new float[rows * 2 * hidden + last.length * 2 * hidden];
      read.bytes().asFloatBuffer().get(0, all, 0, rows * 2 * hidden);
      for (int i = 0; i < last.length; i++) {
        System.arraycopy(logits[i], 0, all, (rows + i) * 2 * hidden, 2 * hidden);
      }
      return all;
    }
  }

  @Test
  void oneInstanceTakesWhatAnotherPacked() throws IOException {
    Random random = new Random(3);
    float[] first;
    float[] second;
    Backend.Linear packed;
    try (CpuBackend backend = open("f32", 1)) {
      packed = backend.packLinear(List.of(tensor(random, 80, 48)), List.of());
      first = multiply(backend, packed);
    }
    try (packed;
        CpuBackend backend = open("f32", 2)) {
      second = multiply(backend, packed);
    }
    assertThat(second).isEqualTo(first);
  }

  private static float[] multiply(CpuBackend backend, Backend.Linear weight) {
    try (Backend.Matrix in = backend.matrix(Role.RESIDUAL, 70, weight.inFeatures());
        Backend.Matrix out = backend.matrix(Role.PRODUCT, 70, weight.outFeatures())) {
      Random random = new Random(4);
      CpuMatrix from = (CpuMatrix) in;
      for (int i = 0; i < 70 * in.cols(); i++) {
        from.bytes().putFloat(4 * i, (float) random.nextGaussian());
      }
      backend.linear(weight, in, 70, out);
      float[] all = new float[70 * out.cols()];
      ((CpuMatrix) out).bytes().asFloatBuffer().get(0, all);
      return all;
    }
  }

  @Test
  void aKvPoolMayBeLargerThanABuffer() {
    int heads = 2;
    int headDim = 64;
    int pages = 40_000; // 2.6 million tokens: 5 GiB, of which three pages are touched
    Random random = new Random(9);
    int cols = 3 * heads * headDim;
    try (CpuBackend backend = open("f32", 1);
        Backend.KvPool pool =
            backend.kvPool(new KvLayout(2, heads, headDim, backend.kvElementBytes()), pages);
        Backend.RopeTable rope = backend.ropeTable(new float[headDim / 2], 192);
        Backend.Matrix qkv = backend.matrix(Role.PRODUCT, 192, cols);
        Backend.Matrix out = backend.matrix(Role.OPERAND, 192, heads * headDim)) {
      assertThat(((PagedKeysValues) pool).sizeBytes()).isGreaterThan(4L << 30);
      CpuMatrix in = (CpuMatrix) qkv;
      for (int i = 0; i < 192 * cols; i++) {
        in.bytes().putFloat(4 * i, (float) random.nextGaussian());
      }
      List<float[]> results = new ArrayList<>();
      for (int[] table : new int[][] {{0, 1, 2}, {pages - 3, pages - 2, pages - 1}}) {
        List<Segment> segments = List.of(new Segment("a", 0, 192, table, true));
        backend.ropeAndStore(qkv, segments, heads, rope, pool, 1);
        backend.attention(qkv, segments, heads, FULL_ATTENTION, pool, 1, out);
        float[] all = new float[192 * out.cols()];
        ((CpuMatrix) out).bytes().asFloatBuffer().get(0, all);
        results.add(all);
      }
      assertThat(results.get(1)).isEqualTo(results.get(0));
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (CpuBackend backend = open("f32", 1)) {
      assertThatThrownBy(() -> backend.matrix(Role.PRODUCT, 100_000, 100_000))
          .hasMessageContaining("rows=100000")
          .hasMessageContaining("--chunked-prefill-size");
      assertThatThrownBy(() -> backend.kvPool(new KvLayout(1, 1, 64, 4), 10_000_000))
          .hasMessageContaining("pages=10000000")
          .hasMessageContaining("--max-total-tokens");
      assertThatThrownBy(() -> backend.kvPool(new KvLayout(1, 1, 64, 2), 10))
          .hasMessageContaining("elementBytes=2");
      assertThatThrownBy(() -> NativeBlock.allocate(1L << 60, "the test"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the test")
          .hasMessageContaining("bytes=" + (1L << 60));
    }
  }

  @Test
  void badBatchesAreRefused() {
    try (CpuBackend backend = open("f32", 1);
        Backend.KvPool pool = backend.kvPool(new KvLayout(1, 1, 16, 4), 4);
        Backend.RopeTable rope = backend.ropeTable(new float[8], 100);
        Backend.Matrix qkv = backend.matrix(Role.PRODUCT, 200, 48)) {
      refused(
          backend, qkv, rope, pool, new Segment("a", 10, 5, new int[] {0}, true), "position=10");
      refused(backend, qkv, rope, pool, new Segment("a", 0, 65, new int[] {0}, true), "needed=2");
      refused(backend, qkv, rope, pool, new Segment("a", 0, 5, new int[] {4}, true), "page=4");
      refused(
          backend, qkv, rope, pool, new Segment("a", 0, 120, new int[] {0, 1}, true), "positions");
      refused(
          backend, qkv, rope, pool, new Segment("a", 0, 201, new int[] {0, 1, 2, 3}, true), "rows");
    }
  }

  private static void refused(
      CpuBackend backend,
      Backend.Matrix qkv,
      Backend.RopeTable rope,
      Backend.KvPool pool,
      Segment segment,
      String message) {
    assertThatThrownBy(() -> backend.ropeAndStore(qkv, List.of(segment), 1, rope, pool, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
