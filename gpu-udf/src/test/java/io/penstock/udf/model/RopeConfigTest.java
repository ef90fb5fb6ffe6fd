package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RopeConfigTest {
  @Test
  void plainFrequencies() {
    assertThat(new RopeConfig(10000, Optional.empty()).inverseFrequencies(8))
        .containsExactly(new float[] {1f, 0.1f, 0.01f, 0.001f}, within(1e-9f));
  }

  @Test
  void divisors() {
    RopeConfig rope = new RopeConfig(10000, Optional.empty(), List.of(1f, 2f, 4f, 8f));
    assertThat(rope.inverseFrequencies(8))
        .containsExactly(new float[] {1f, 0.05f, 0.0025f, 0.000125f}, within(1e-9f));
  }

  /** Figures computed from the formula in float64, apart from this code. */
  @Test
  void llama3ScalingHasThreeBands() {
    RopeConfig rope =
        new RopeConfig(500000, Optional.of(new RopeConfig.Llama3Scaling(8, 1, 4, 256)));
    float[] frequencies = rope.inverseFrequencies(16);
    double[] expected = {
      1,
      0.193922745,
      0.0105382327,
      0.000911583092,
      0.000176776695,
      3.4281022e-05,
      6.64786987e-06,
      1.28917317e-06
    };
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) frequencies[i]).isCloseTo(expected[i], within(1e-6 * expected[i]));
    }
  }
}
