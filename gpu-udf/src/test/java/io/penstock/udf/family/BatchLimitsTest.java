package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchLimitsTest {
  private static final int HIDDEN = 4;
  private static final BatchLimits FIRST =
      new BatchLimits(true, false, 10, HIDDEN, ElementType.F32, 128, 3, 150);
  private static final BatchLimits LAST =
      new BatchLimits(false, true, 10, HIDDEN, ElementType.F32, 128, 3, 150);

  private static Activations activations(int rows) {
    Activations activations = new Activations(ElementType.F32, 200, HIDDEN);
    activations.resize(rows);
    return activations;
  }

  private static ChunkBatch batch(int prefixTokens, int tokens, int... pages) {
    Segment segment = new Segment("secret", prefixTokens, tokens, pages, true);
    return new ChunkBatch(7, List.of(segment), new int[0]);
  }

  private static void assertRefused(ChunkBatch batch, String message) {
    assertThatThrownBy(() -> LAST.check(batch, activations(batch.rows()), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sequence=7")
        .hasMessageContaining(message)
        .hasMessageNotContaining("secret");
  }

  @Test
  void takesWhatFits() {
    assertThatCode(
            () -> {
              LAST.check(batch(0, 128, 2, 0), activations(128), null);
              LAST.check(batch(128, 22, 2, 0, 1), activations(22), null);
              // Pages after the needed ones are not looked at.
              LAST.check(batch(0, 64, 1, -1, 99), activations(64), null);
            })
        .doesNotThrowAnyException();
  }

  @Test
  void refusesSegmentsThatDoNotFit() {
    assertRefused(batch(0, 129, 0, 1, 2), "rows=129 maxBatchTokens=128");
    assertRefused(batch(0, 0, 0), "rows=0");
    assertRefused(batch(128, 23, 0, 1, 2), "prefixTokens=128 tokens=23 positions=150");
    assertRefused(batch(-64, 1, 0), "prefixTokens=-64");
    assertRefused(batch(10, 1, 0), "prefixTokens=10");
    assertRefused(batch(64, 1, 0), "pageTable=1 needed=2");
    assertRefused(batch(64, 1, 0, 3), "page=3 kvPages=3");
    assertRefused(batch(64, 1, -1, 0), "page=-1");
    ChunkBatch noRows =
        new ChunkBatch(
            7,
            List.of(
                new Segment("secret", 0, 2, new int[] {0}, true),
                new Segment("secret", 0, 0, new int[] {0}, true)),
            new int[0]);
    assertRefused(noRows, "segment=1");
  }

  @Test
  void refusesActivationsThatDoNotFit() {
    ChunkBatch batch = batch(0, 5, 0);
    Activations narrow = new Activations(ElementType.F32, 5, HIDDEN - 1);
    narrow.resize(5);
    Activations bf16 = new Activations(ElementType.BF16, 5, HIDDEN);
    bf16.resize(5);
    for (Activations in : new Activations[] {null, activations(4), narrow, bf16}) {
      assertThatThrownBy(() -> LAST.check(batch, in, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("activations in=")
          .hasMessageContaining("expected=5 × 4 F32");
    }
    assertThatThrownBy(() -> LAST.check(batch, activations(5), activations(5)))
        .hasMessageContaining("activations out=5 × 4 F32 expected=none");
  }

  @Test
  void refusesTokensOutsideTheVocabularyWithoutTellingThem() {
    Segment segment = new Segment("p", 0, 2, new int[] {0}, true);
    for (int token : new int[] {-31, 10, 77}) {
      ChunkBatch batch = new ChunkBatch(7, List.of(segment), new int[] {3, token});
      assertThatThrownBy(() -> FIRST.check(batch, null, activations(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("vocabSize=10: row=1")
          .hasMessageNotContaining("" + token + " ");
    }
    ChunkBatch batch = new ChunkBatch(7, List.of(segment), new int[] {3});
    assertThatThrownBy(() -> FIRST.check(batch, null, activations(2)))
        .hasMessageContaining("tokenIds=1 rows=2");
  }
}
