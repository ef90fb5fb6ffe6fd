package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.schemas.TokenLogit;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TopLogitsTest {

  private static FloatBuffer row(float... logits) {
    return FloatBuffer.wrap(logits);
  }

  @Test
  void argmaxTakesTheLowestIdOnATie() {
    assertThat(TopLogits.argmax("a", row(1, 5, 5, -3), 0, 4)).isEqualTo(1);
    assertThat(TopLogits.argmax("a", row(-0f, 0f), 0, 2)).isZero();
    assertThat(TopLogits.argmax("a", row(-7, -6), 0, 2)).isEqualTo(1);
    assertThat(TopLogits.argmax("a", row(Float.NEGATIVE_INFINITY, -1e30f), 0, 2)).isEqualTo(1);
  }

  @Test
  void rowsAreApart() {
    FloatBuffer rows = row(9, 0, 0, 1, 2, 3);
    assertThat(TopLogits.argmax("a", rows, 0, 3)).isZero();
    assertThat(TopLogits.argmax("a", rows, 3, 3)).isEqualTo(2);
    assertThat(TopLogits.largest(rows, 3, 3, 1)).containsExactly(new TokenLogit(2, 3f));
  }

  @Test
  void notANumberFailsLoudly() {
    assertThatThrownBy(() -> TopLogits.argmax("a", row(1, 2, Float.NaN), 0, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("requestId=a tokenId=2 vocabSize=3");
  }

  @Test
  void theLargestComeInOrderTiesByLowestId() {
    assertThat(TopLogits.largest(row(1, 5, 5, 7, 5), 0, 5, 3))
        .containsExactly(new TokenLogit(3, 7f), new TokenLogit(1, 5f), new TokenLogit(2, 5f));
    assertThat(TopLogits.largest(row(1, 2), 0, 2, 0)).isEmpty();
    assertThat(TopLogits.largest(row(1, 2), 0, 2, 5)).hasSize(2);
  }

  @Test
  void theyAreThoseOfASort() {
    Random random = new Random(11);
    for (int round = 0; round < 50; round++) {
      int vocab = 1 + random.nextInt(300);
      float[] logits = new float[vocab];
      List<TokenLogit> sorted = new ArrayList<>();
      for (int token = 0; token < vocab; token++) {
        logits[token] = random.nextInt(40) - 20; // many ties, zero of both signs
        if (logits[token] == 0 && random.nextBoolean()) {
          logits[token] = -0f;
        }
        sorted.add(new TokenLogit(token, logits[token]));
      }
      sorted.sort(
          Comparator.comparing((TokenLogit one) -> one.getLogit() + 0f)
              .reversed()
              .thenComparing(TokenLogit::getTokenId));
      int most = random.nextInt(40);
      List<TokenLogit> largest = TopLogits.largest(row(logits), 0, vocab, most);
      assertThat(largest.stream().map(TokenLogit::getTokenId).toList())
          .isEqualTo(sorted.stream().limit(most).map(TokenLogit::getTokenId).toList());
      if (most > 0) {
        assertThat(largest.get(0).getTokenId())
            .isEqualTo(TopLogits.argmax("a", row(logits), 0, vocab));
      }
    }
  }
}
