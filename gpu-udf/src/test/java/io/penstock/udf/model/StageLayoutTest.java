package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class StageLayoutTest {
  @Test
  void theLastStagesTakeTheRemainder() {
    assertThat(StageLayout.balanced(61, 4).ranges())
        .containsExactly(
            new LayerRange(0, 15),
            new LayerRange(15, 30),
            new LayerRange(30, 45),
            new LayerRange(45, 61));
    assertThat(StageLayout.balanced(30, 1).ranges()).containsExactly(new LayerRange(0, 30));
  }

  @Test
  void everyLayerIsHeldOnce() {
    for (int layers = 1; layers < 40; layers++) {
      for (int stages = 1; stages <= layers; stages++) {
        int next = 0;
        for (LayerRange range : StageLayout.balanced(layers, stages).ranges()) {
          assertThat(range.first()).isEqualTo(next);
          assertThat(range.size()).isBetween(layers / stages, (layers + stages - 1) / stages);
          next = range.end();
        }
        assertThat(next).isEqualTo(layers);
      }
    }
  }

  @Test
  void impossibleLayoutsAreRefused() {
    assertThatThrownBy(() -> StageLayout.balanced(2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layers=2")
        .hasMessageContaining("--pp-size");
    assertThatThrownBy(() -> StageLayout.balanced(2, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new LayerRange(3, 3)).isInstanceOf(IllegalArgumentException.class);
  }
}
