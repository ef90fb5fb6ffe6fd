package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.model.ModelConfig;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class KvCapacityTest {
  /** 2 layers × 2 (keys, values) × 1 head × 8 × 4 bytes = 128 bytes a token. */
  private static final ModelConfig MODEL =
      new ModelConfig(
          "llama", "tiny", 10, 16, 32, 2, 2, 1, 8, 1000, 1e-5f, null, true, false, false, false,
          List.of());

  private static final OptionalLong DEFAULT = OptionalLong.empty();

  @Test
  void defaultIsEightContextsInWholePages() throws RefusedException {
    assertThat(KvCapacity.pages(DEFAULT, MODEL, 1, 1L << 30)).isEqualTo(125);
  }

  @Test
  void defaultStaysWithinAQuarterOfTheMemoryOverAllReplicas() throws RefusedException {
    assertThat(KvCapacity.pages(DEFAULT, MODEL, 1, 4 * 128 * 640)).isEqualTo(10);
    assertThat(KvCapacity.pages(DEFAULT, MODEL, 2, 4 * 128 * 640)).isEqualTo(5);
    assertThat(KvCapacity.pages(DEFAULT, MODEL, 1, 4 * 128 * 639)).isEqualTo(9);
  }

  @Test
  void whatIsAskedForIsTakenInWholePages() throws RefusedException {
    assertThat(KvCapacity.pages(OptionalLong.of(64 * 7 + 63), MODEL, 1, 1)).isEqualTo(7);
  }

  @Test
  void tooLittleMemoryIsRefusedWithTheNumbers() {
    assertThatThrownBy(() -> KvCapacity.pages(DEFAULT, MODEL, 1, 4 * 128 * 63))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bytesPerToken=128")
        .hasMessageContaining("--max-total-tokens");
  }
}
