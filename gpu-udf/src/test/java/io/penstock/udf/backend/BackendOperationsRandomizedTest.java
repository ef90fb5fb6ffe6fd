package io.penstock.udf.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.Backend.Matrix;
import io.penstock.udf.backend.Backend.Role;
import io.penstock.udf.model.WeightTensor;
import io.penstock.udf.stage.Activations;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of every backend against the reference, over seeded random shapes. A backend
 * joins by a line in {@link BackendsUnderTest}. Rotation, KV pages and attention: {@link
 * PagedAttentionRandomizedTest}.
 *
 * <p>Matrices have more rows than the operation is asked to do, and hold NaN there: whoever reads
 * them by mistake is found out.
 */
class BackendOperationsRandomizedTest {
  private static final int ROUNDS = Integer.getInteger("penstock.rounds", 12);
  private static final int SPARE_ROWS = 3;

  static Stream<Arguments> rounds() {
    return BackendsUnderTest.ALL.stream()
        .flatMap(
            subject -> IntStream.range(0, ROUNDS).mapToObj(round -> Arguments.of(subject, round)));
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void linear(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int in = random.width();
    List<WeightTensor> parts = new ArrayList<>();
    List<WeightTensor> biases = new ArrayList<>();
    boolean biased = random.coin();
    for (int i = random.between(1, 3); i > 0; i--) {
      int out = random.width();
      parts.add(random.matrix(out, in));
      if (biased) {
        biases.add(random.vector(out));
      }
    }
    int out = parts.stream().mapToInt(WeightTensor::rows).sum();
    float[] values = random.values(rows * in, 1);
    Side.compare(
        subject,
        round,
        side -> {
          Backend.Linear weight = side.own(side.backend().packLinear(parts, biases));
          assertThat(weight.inFeatures()).isEqualTo(in);
          assertThat(weight.outFeatures()).isEqualTo(out);
          assertThat(weight.sizeBytes()).isGreaterThanOrEqualTo(2L * in * out);
          return linear(side, weight, values, rows);
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void linearOfARowDoesNotDependOnItsCompany(BackendUnderTest subject, int round) throws Exception {
    subject.assumeAvailable();
    RandomInputs random = new RandomInputs(round);
    int rows = random.between(2, 200);
    int in = random.width();
    int out = random.width();
    List<WeightTensor> weight = List.of(random.matrix(out, in));
    float[] values = random.values(rows * in, 1);
    int[] order = Arrays.copyOf(random.permutation(rows), random.between(1, rows));
    Side.run(
        subject,
        side -> {
          Backend.Linear packed = side.own(side.backend().packLinear(weight, List.of()));
          float[] all = linear(side, packed, values, rows);
          float[] some = linear(side, packed, rowsOf(values, in, order), order.length);
          assertThat(some).as(Side.replay(round)).isEqualTo(rowsOf(all, out, order));
          return some;
        });
  }

  private static float[] linear(Side side, Backend.Linear weight, float[] values, int rows) {
    int capacity = rows + SPARE_ROWS;
    Matrix from = side.matrix(Role.OPERAND, capacity, weight.inFeatures(), values);
    Matrix to = side.matrix(Role.PRODUCT, capacity, weight.outFeatures());
    side.backend().linear(weight, from, rows, to);
    return side.read(to, rows);
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void rmsNorm(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    boolean adds = random.coin();
    float epsilon = random.coin() ? 1e-5f : 1e-2f;
    WeightTensor weight = random.vector(cols);
    float[] residual = random.values(rows * cols, random.oneOf(1, 1000));
    float[] product = random.values(rows * cols, 1);
    Side.compare(
        subject,
        round,
        side -> {
          Matrix to = side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols, residual);
          Matrix from = side.matrix(Role.PRODUCT, rows + SPARE_ROWS, cols, product);
          Matrix out = side.matrix(Role.OPERAND, rows + SPARE_ROWS, cols);
          Backend.Norm norm = side.own(side.backend().packNorm(weight));
          side.backend().rmsNorm(to, adds ? from : null, norm, epsilon, rows, out);
          return joined(side.read(to, rows), side.read(out, rows));
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void rmsNormOfARowDoesNotDependOnItsCompany(BackendUnderTest subject, int round)
      throws Exception {
    subject.assumeAvailable();
    RandomInputs random = new RandomInputs(round);
    int rows = random.between(2, 200);
    int cols = random.width();
    WeightTensor weight = random.vector(cols);
    float[] values = random.values(rows * cols, 1);
    int[] order = Arrays.copyOf(random.permutation(rows), random.between(1, rows));
    Side.run(
        subject,
        side -> {
          Backend.Norm norm = side.own(side.backend().packNorm(weight));
          Matrix out = side.matrix(Role.OPERAND, rows, cols);
          side.backend()
              .rmsNorm(
                  side.matrix(Role.RESIDUAL, rows, cols, values), null, norm, 1e-5f, rows, out);
          float[] all = side.read(out, rows);
          float[] chosen = rowsOf(values, cols, order);
          side.backend()
              .rmsNorm(
                  side.matrix(Role.RESIDUAL, rows, cols, chosen),
                  null,
                  norm,
                  1e-5f,
                  order.length,
                  out);
          float[] some = side.read(out, order.length);
          assertThat(some).as(Side.replay(round)).isEqualTo(rowsOf(all, cols, order));
          return some;
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void add(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    float[] residual = random.values(rows * cols, 1);
    float[] product = random.values(rows * cols, 1);
    Side.compare(
        subject,
        round,
        side -> {
          Matrix to = side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols, residual);
          Matrix from = side.matrix(Role.PRODUCT, rows + SPARE_ROWS, cols, product);
          side.backend().add(to, from, rows);
          return side.read(to, rows);
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void gatedActivation(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    // Large gates, too: e⁻ˣ overflows below -88 and the result is 0, not NaN.
    float[] values = random.values(rows * 2 * cols, random.oneOf(1, 10, 200));
    Side.compare(
        subject,
        round,
        side -> {
          Matrix from = side.matrix(Role.PRODUCT, rows + SPARE_ROWS, 2 * cols, values);
          Matrix to = side.matrix(Role.OPERAND, rows + SPARE_ROWS, cols);
          side.backend().gatedActivation(from, rows, to);
          return side.read(to, rows);
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void embedAndStore(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    int vocabulary = random.between(1, 300);
    WeightTensor table =
        new ArrayTensor("t", vocabulary, cols, random.values(vocabulary * cols, 1));
    int[] ids = random.permutation(Math.max(rows, vocabulary));
    int[] tokenIds = Arrays.stream(ids).map(id -> id % vocabulary).limit(rows).toArray();
    Side.compare(
        subject,
        round,
        side -> {
          Matrix to = side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols);
          side.backend().embed(side.own(side.backend().packEmbedding(table)), tokenIds, to);
          Activations out = new Activations(side.backend().residualType(), rows + 1, cols);
          out.resize(rows);
          side.backend().store(to, out);
          return joined(side.read(to, rows), floats(out));
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void loadGivesBackWhatStoreWrote(BackendUnderTest subject, int round) throws Exception {
    subject.assumeAvailable();
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    float[] values = random.values(rows * cols, 1);
    float[] read =
        Side.run(
            subject,
            side -> {
              Activations between = new Activations(side.backend().residualType(), rows, cols);
              between.resize(rows);
              side.backend()
                  .store(side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols, values), between);
              Matrix to = side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols);
              side.backend().load(between, to);
              return side.read(to, rows);
            });
    assertThat(read).as(Side.replay(round)).isEqualTo(values);
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void logits(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    int vocabulary = random.between(1, 700);
    WeightTensor norm = random.vector(cols);
    WeightTensor head = random.matrix(vocabulary, cols);
    float[] values = random.values(rows * cols, 1);
    int[] chosen = Arrays.copyOf(random.permutation(rows), random.between(1, rows));
    Side.compare(
        subject,
        round,
        side -> {
          Matrix residual = side.matrix(Role.RESIDUAL, rows + SPARE_ROWS, cols, values);
          Backend.Norm packed = side.own(side.backend().packNorm(norm));
          Backend.Linear linear = side.own(side.backend().packLinear(List.of(head), List.of()));
          float[][] logits = side.backend().logits(residual, chosen, packed, 1e-5f, linear);
          assertThat(logits).hasNumberOfRows(chosen.length);
          float[] alone =
              side.backend().logits(residual, new int[] {chosen[0]}, packed, 1e-5f, linear)[0];
          assertThat(logits[0]).as(Side.replay(round)).isEqualTo(alone);
          return joined(logits);
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void gather(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    int rows = random.rows();
    int cols = random.width();
    Role role = random.coin() ? Role.RESIDUAL : Role.PRODUCT;
    float[] values = random.values(rows * cols, 1);
    int[] chosen = Arrays.copyOf(random.permutation(rows), random.between(1, rows));
    Arrays.sort(chosen);
    Side.compare(
        subject,
        round,
        side -> {
          Matrix matrix = side.matrix(role, rows, cols, values);
          side.backend().gather(matrix, chosen);
          float[] gathered = side.read(matrix, chosen.length);
          assertThat(gathered).as(Side.replay(round)).isEqualTo(rowsOf(values, cols, chosen));
          return gathered;
        });
  }

  private static float[] rowsOf(float[] values, int cols, int[] rows) {
    float[] chosen = new float[rows.length * cols];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, rows[i] * cols, chosen, i * cols, cols);
    }
    return chosen;
  }

  private static float[] floats(Activations activations) {
    float[] values = new float[activations.rows() * activations.cols()];
    switch (activations.type()) {
      case F32 -> {
        FloatBuffer from = activations.bytes().asFloatBuffer();
        from.get(0, values);
      }
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.intBitsToFloat(activations.bytes().getShort(2 * i) << 16);
        }
      }
    }
    return values;
  }

  private static float[] joined(float[]... parts) {
    float[] all = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
