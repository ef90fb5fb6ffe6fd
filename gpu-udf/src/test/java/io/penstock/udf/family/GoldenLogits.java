package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.Goldens.TokenLogit;

/** Logits of a prompt's last token against the golden ones. */
final class GoldenLogits {
  private GoldenLogits() {}

  /**
   * @param off how far any logit may be off
   */
  static void assertClose(Goldens.Prompt prompt, float[] logits, double off) {
    assertThat(prompt.probes()).isNotEmpty();
    double worst = 0;
    for (TokenLogit probe : prompt.probes()) {
      worst = Math.max(worst, Math.abs((double) logits[probe.tokenId()] - probe.logit()));
    }
    for (TokenLogit top : prompt.top10()) {
      worst = Math.max(worst, Math.abs((double) logits[top.tokenId()] - top.logit()));
    }
    assertThat(worst).as("largest difference of a logit, %s", prompt).isLessThanOrEqualTo(off);
    double squares = 0;
    for (float logit : logits) {
      squares += (double) logit * logit;
    }
    assertThat(Math.sqrt(squares))
        .as("norm of all logits, %s", prompt)
        .isCloseTo(prompt.l2(), within(off * Math.sqrt(logits.length)));
    if (prompt.top10().get(0).logit() - prompt.top10().get(1).logit() > 2 * off) {
      assertThat(argmax(logits)).as("argmax, %s", prompt).isEqualTo(prompt.argmax());
    }
  }

  static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
