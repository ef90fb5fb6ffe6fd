package io.penstock.udf.backend.reference;

import static io.penstock.udf.model.ModelConfig.FULL_ATTENTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.penstock.udf.backend.ArrayTensor;
import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.Backend.Matrix;
import io.penstock.udf.backend.Backend.Role;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The oracle against figures worked out by hand, and its refusal of misuse. */
class ReferenceBackendTest {
  private final ReferenceUnderTest access = new ReferenceUnderTest();
  private final Backend backend = access.open();

  private Matrix matrix(int cols, float... values) {
    Matrix matrix = backend.matrix(Role.PRODUCT, values.length / cols, cols);
    access.write(values, matrix);
    return matrix;
  }

  private static ArrayTensor tensor(int cols, float... values) {
    return new ArrayTensor("t", values.length / cols, cols, values);
  }

  private float[] read(Matrix matrix) {
    return access.read(matrix, matrix.rows());
  }

  @Test
  void linearSetsPartsSideBySideAndAddsTheBias() throws IOException {
    Backend.Linear linear =
        backend.packLinear(
            List.of(tensor(2, 1, 2, 3, 4), tensor(2, 5, 6)),
            List.of(tensor(2, 100, 200), tensor(1, 300)));
    Matrix out = backend.matrix(Role.PRODUCT, 2, 3);
    backend.linear(linear, matrix(2, 1, 10, 0, 1), 2, out);
    assertThat(read(out)).containsExactly(121, 243, 365, 102, 204, 306);
    assertThat(linear.sizeBytes()).isEqualTo(4 * 9);
  }

  @Test
  void rmsNormAddsFirst() throws IOException {
    Matrix residual = matrix(2, 1, 2);
    Matrix out = backend.matrix(Role.OPERAND, 1, 2);
    Backend.Norm norm = backend.packNorm(tensor(2, 1, 10));
    backend.rmsNorm(residual, matrix(2, 2, 2), norm, 3.5f, 1, out);
    assertThat(read(residual)).containsExactly(3, 4);
    // sqrt((9 + 16) / 2 + 3.5) = 4
    assertThat(read(out)).containsExactly(0.75f, 10);
    float[][] logits =
        backend.logits(
            residual,
            new int[] {0},
            norm,
            3.5f,
            backend.packLinear(List.of(tensor(2, 4, 1)), List.of()));
    assertThat(logits).isDeepEqualTo(new float[][] {{13}});
  }

  @Test
  void gatedActivationIsSiluTimesUp() {
    Matrix out = backend.matrix(Role.OPERAND, 1, 2);
    backend.gatedActivation(matrix(4, 0, (float) Math.log(3), 5, 4), 1, out);
    // silu(ln 3) = ln 3 · 3/4
    assertThat(read(out))
        .containsExactly(new float[] {0, (float) (Math.log(3) * 3)}, within(1e-6f));
  }

  @Test
  void rotatesHalvesAndAttendsThroughThePageTable() {
    KvLayout layout = new KvLayout(1, 1, 2, 4);
    Backend.KvPool pool = backend.kvPool(layout, 3);
    // A quarter turn for each position.
    Backend.RopeTable rope = backend.ropeTable(new float[] {(float) (Math.PI / 2)}, 66);
    float[] rows = new float[65 * 8];
    for (int i = 0; i < 65; i++) {
      rows[i * 8 + 6] = i;
    }
    // Position 64 comes round to where position 0 is: q·k = 3² from there, and from itself 0.
    set(rows, 0, 0, 0, 0, 0, 3, 0, 1000, 7);
    set(rows, 64, 3, 0, 0, 30, 0, 0, 2000, 8);
    Matrix qkv = matrix(8, rows);
    Segment segment = new Segment("p", 0, 65, new int[] {2, 0}, true);
    backend.ropeAndStore(qkv, List.of(segment), 2, rope, pool, 0);
    Matrix out = backend.matrix(Role.OPERAND, 65, 4);
    backend.attention(qkv, List.of(segment), 2, FULL_ATTENTION, pool, 0, out);
    float[] attended = read(out);
    // The first row sees itself alone.
    assertThat(attended).startsWith(1000, 7, 1000, 7);
    // The last: weight e^(9/√2) for position 0, 1 for each of the 64 others.
    double first = Math.exp(9 / Math.sqrt(2));
    double expected = (1000 * first + 63 * 64 / 2 + 2000) / (first + 64);
    assertThat(attended[64 * 4]).isCloseTo((float) expected, within(0.01f));
    // The other head has q = (0, 30), at right angles to the key of position 0.
    assertThat(attended[64 * 4 + 2]).isCloseTo((1000 + 63 * 64 / 2f + 2000) / 65, within(0.01f));
    // Of 64 positions it does not see the first any more; of one, itself alone.
    backend.attention(qkv, List.of(segment), 2, 64, pool, 0, out);
    assertThat(read(out)[64 * 4]).isCloseTo((63 * 64 / 2f + 2000) / 64, within(0.01f));
    assertThat(read(out)[63 * 4 + 1]).isCloseTo(7 / 64f, within(1e-4f));
    backend.attention(qkv, List.of(segment), 2, 1, pool, 0, out);
    assertThat(read(out)[64 * 4]).isEqualTo(2000);
    assertRefused(() -> backend.attention(qkv, List.of(segment), 2, 0, pool, 0, out), "window=0");
    // Position 1 turned (0, 0, 0, 0) and position 64 came round.
    assertThat(read(qkv)[64 * 8]).isCloseTo(3, within(1e-3f));
  }

  private static void set(float[] rows, int row, float... values) {
    System.arraycopy(values, 0, rows, row * 8, 8);
  }

  @Test
  void aQuarterTurnSwapsTheHalves() {
    Backend.RopeTable rope = backend.ropeTable(new float[] {(float) (Math.PI / 2), 0}, 2);
    Backend.KvPool pool = backend.kvPool(new KvLayout(1, 1, 4, 4), 1);
    Matrix qkv = matrix(12, new float[24]);
    float[] rows = new float[24];
    System.arraycopy(new float[] {1, 2, 3, 4}, 0, rows, 12, 4);
    access.write(rows, qkv);
    Segment segment = new Segment("p", 0, 2, new int[] {0}, true);
    backend.ropeAndStore(qkv, List.of(segment), 1, rope, pool, 0);
    float[] turned = Arrays.copyOfRange(read(qkv), 12, 16);
    assertThat(turned).containsExactly(new float[] {-3, 2, 1, 4}, within(1e-6f));
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    Backend.Linear linear = backend.packLinear(List.of(tensor(2, 1, 2)), List.of());
    Matrix in = matrix(2, 1, 2);
    Matrix out = backend.matrix(Role.PRODUCT, 1, 1);
    assertRefused(() -> backend.linear(linear, in, 2, out), "neededRows=2");
    assertRefused(() -> backend.linear(linear, out, 1, out), "neededCols=2");
    assertRefused(() -> backend.linear(linear, in, 1, in), "neededCols=1");
    assertRefused(() -> backend.add(in, out, 1), "product");
    assertRefused(() -> backend.gather(in, new int[] {1}), "neededRows=2");
    assertRefused(() -> backend.gather(matrix(1, 1, 2), new int[] {1, 0}), "ascending");
    assertRefused(
        () -> backend.packLinear(List.of(tensor(2, 1, 2), tensor(1, 1)), List.of()), "columns");
    assertRefused(
        () -> backend.packLinear(List.of(tensor(2, 1, 2)), List.of(tensor(2, 1, 2))), "biases");
    Activations two = new Activations(ElementType.F32, 2, 2);
    two.resize(2);
    assertRefused(() -> backend.load(two, in), "neededRows=2");
    assertRefused(() -> backend.store(in, two), "neededRows=2");
    Activations bf16 = new Activations(ElementType.BF16, 1, 2);
    bf16.resize(1);
    assertRefused(() -> backend.load(bf16, in), "BF16");
    assertRefused(() -> backend.store(in, bf16), "BF16");
    Backend.Embedding table = backend.packEmbedding(tensor(2, 1, 2));
    assertThatThrownBy(() -> backend.embed(table, new int[] {1}, in))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> backend.embed(table, new int[] {-1}, in))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void refusesPagesThatAreNotThere() {
    Backend.KvPool pool = backend.kvPool(new KvLayout(1, 1, 2, 4), 2);
    Backend.RopeTable rope = backend.ropeTable(new float[] {1}, 128);
    Matrix qkv = matrix(6, new float[6]);
    for (int page : new int[] {-1, 2}) {
      List<Segment> wrong = List.of(new Segment("p", 0, 1, new int[] {page}, true));
      assertRefused(
          () -> backend.ropeAndStore(qkv, wrong, 1, rope, pool, 0), "page=" + page + " pages=2");
      Matrix out = backend.matrix(Role.OPERAND, 1, 2);
      assertRefused(
          () -> backend.attention(qkv, wrong, 1, FULL_ATTENTION, pool, 0, out), "page=" + page);
    }
    List<Segment> late = List.of(new Segment("p", 128, 1, new int[] {0, 1, 0}, true));
    assertThatThrownBy(() -> backend.ropeAndStore(qkv, late, 1, rope, pool, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void refusesMemoryThatWasClosedOrIsForeign() throws IOException {
    Backend.Norm norm = backend.packNorm(tensor(2, 1, 1));
    Matrix in = matrix(2, 1, 2);
    norm.close();
    assertThatThrownBy(() -> backend.rmsNorm(in, null, norm, 1, 1, in))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("HeapNorm");
    in.close();
    assertThatThrownBy(() -> backend.add(in, in, 1)).isInstanceOf(IllegalStateException.class);
    assertRefused(() -> backend.add(new Foreign(), in, 1), "HeapMatrix");
  }

  private record Foreign() implements Matrix {
    @Override
    public int rows() {
      return 1;
    }

    @Override
    public int cols() {
      return 2;
    }

    @Override
    public void close() {}
  }

  @Test
  void whatWasNeverWrittenIsNaN() {
    assertThat(read(backend.matrix(Role.PRODUCT, 1, 2))).containsOnly(Float.NaN);
    Backend.KvPool pool = backend.kvPool(new KvLayout(1, 1, 2, 4), 1);
    Matrix out = backend.matrix(Role.OPERAND, 1, 2);
    List<Segment> segments = List.of(new Segment("p", 1, 1, new int[] {0}, true));
    backend.attention(matrix(6, new float[6]), segments, 1, FULL_ATTENTION, pool, 0, out);
    assertThat(read(out)).containsOnly(Float.NaN);
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
