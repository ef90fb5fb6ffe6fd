package io.penstock.udf.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.stage.Segment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rotation, KV pages and attention of every backend: against the reference, and against itself in
 * another plan. See {@link BackendOperationsRandomizedTest} for the other operations.
 */
class PagedAttentionRandomizedTest {

  static Stream<Arguments> rounds() {
    return BackendOperationsRandomizedTest.rounds();
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void promptsInChunks(BackendUnderTest subject, int round) throws Exception {
    RandomInputs random = new RandomInputs(round);
    // Scores grow by the square of the deviation, and an error of a score is a relative error of
    // its
    // weight. In bf16 the keys' rounding would then hide everything: large scores in float32 only.
    double deviation = subject.tolerance() < 1e-3 ? random.oneOf(1, 5) : 1;
    AttentionCase prompts = new AttentionCase(random, random.between(1, 4), 400, deviation);
    List<List<Segment>> plan = prompts.plan(random, -1);
    Side.compare(
        subject,
        round,
        deviation * deviation,
        side -> {
          float[][] results = prompts.run(side, plan);
          float[] all = new float[0];
          for (float[] result : results) {
            all = Arrays.copyOf(all, all.length + result.length);
            System.arraycopy(result, 0, all, all.length - result.length, result.length);
          }
          return all;
        });
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void planAndCompanyChangeNoBit(BackendUnderTest subject, int round) throws Exception {
    subject.assumeAvailable();
    RandomInputs random = new RandomInputs(round);
    AttentionCase prompts = new AttentionCase(random, 3, 400, random.oneOf(1, 5));
    Side.run(
        subject,
        side -> {
          float[][] together = prompts.run(side, prompts.plan(random, -1));
          float[][] again = prompts.run(side, prompts.plan(random, -1));
          for (int prompt = 0; prompt < together.length; prompt++) {
            float[] alone = prompts.run(side, prompts.plan(random, prompt))[prompt];
            String description = prompts + " prompt=" + prompt + "; " + Side.replay(round);
            assertThat(again[prompt]).as(description).isEqualTo(together[prompt]);
            assertThat(alone).as(description).isEqualTo(together[prompt]);
          }
          return new float[0];
        });
  }
}
