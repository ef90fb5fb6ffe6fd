package io.penstock.operators.token;

import io.penstock.schemas.TokenLogit;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The largest of a row of logits. Of equal ones the lowest token id comes first. Pure. */
final class TopLogits {
  // + 0 makes the two zeros equal, as they are to argmax
  private static final Comparator<TokenLogit> SMALLEST_FIRST =
      Comparator.<TokenLogit>comparingDouble(one -> one.getLogit() + 0.0)
          .thenComparing(Comparator.comparingInt(TokenLogit::getTokenId).reversed());

  private TopLogits() {}

  /**
   * @param requestId for messages
   * @param logits a row, absolute positions {@code from} to {@code from + vocabSize - 1}
   * @param from where the row begins
   * @param vocabSize elements of the row, at least 1
   * @return token id of the largest logit, the lowest id on a tie
   * @throws IllegalStateException if a logit is not a number
   */
  static int argmax(String requestId, FloatBuffer logits, int from, int vocabSize) {
    int best = 0;
    float largest = Float.NEGATIVE_INFINITY;
    for (int token = 0; token < vocabSize; token++) {
      float logit = logits.get(from + token);
      if (Float.isNaN(logit)) {
        throw new IllegalStateException(
            "a logit is not a number: requestId="
                + requestId
                + " tokenId="
                + token
                + " vocabSize="
                + vocabSize
                + "; the model or the backend is broken (see --backend)");
      }
      if (logit > largest) {
        best = token;
        largest = logit;
      }
    }
    return best;
  }

  /**
   * @param logits a row without NaN, as above
   * @param from where the row begins
   * @param vocabSize elements of the row
   * @param most how many are wanted, not negative
   * @return the largest, largest first; fewer if the vocabulary is smaller
   */
  static List<TokenLogit> largest(FloatBuffer logits, int from, int vocabSize, int most) {
    if (most == 0) {
      return List.of();
    }
    PriorityQueue<TokenLogit> kept = new PriorityQueue<>(SMALLEST_FIRST);
    for (int token = 0; token < vocabSize; token++) {
      float logit = logits.get(from + token);
      if (kept.size() < most) {
        kept.add(new TokenLogit(token, logit));
      } else if (logit > kept.element().getLogit()) {
        kept.remove();
        kept.add(new TokenLogit(token, logit));
      }
    }
    List<TokenLogit> largest = new ArrayList<>(kept);
    largest.sort(Collections.reverseOrder(SMALLEST_FIRST));
    return largest;
  }
}
