package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.Backends;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.Goldens.TokenLogit;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.SampleModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The sample model on the cpu backend against figures made with other people's software. The
 * goldens' page allows bf16 3.2, twice what a run in bf16 throughout is off at most; here the
 * residual is float32, and half a logit is what bf16 weights alone cost twice over.
 */
class CpuSampleModelTest {
  private static final int CHUNK_TOKENS = 512;
  private static final int LONGEST = 8000;

  private static final double FLOAT32_LIMIT = 1e-3;
  private static final double BF16_LIMIT = 0.6;
  private static final double BF16_AGREEMENT = 0.9;

  /** What one prompt's logits were off at most, and whether the first token is right. */
  private record Outcome(String prompt, double off, boolean sameToken) {}

  @Test
  void float32() throws Exception {
    List<Outcome> outcomes = run("f32", 2047);
    assertThat(outcomes).hasSizeGreaterThan(15);
    assertThat(outcomes)
        .allSatisfy(
            outcome -> {
              assertThat(outcome.off()).isLessThanOrEqualTo(FLOAT32_LIMIT);
              assertThat(outcome.sameToken()).isTrue();
            });
  }

  @Test
  void autoTakesWhatTheMachineHas() throws Exception {
    List<Outcome> outcomes = run("auto", LONGEST);
    assertThat(outcomes).hasSameSizeAs(Goldens.SMOLLM2);
    assertThat(outcomes).allSatisfy(o -> assertThat(o.off()).isLessThanOrEqualTo(BF16_LIMIT));
    double same = outcomes.stream().filter(Outcome::sameToken).count();
    assertThat(same / outcomes.size()).isGreaterThanOrEqualTo(BF16_AGREEMENT);
  }

  private static List<Outcome> run(String precision, int longest) throws Exception {
    List<Outcome> outcomes = new ArrayList<>();
    int pages = Pipeline.pages(longest);
    try (Model model = Models.open(SampleModel.require());
        Pipeline pipeline = new Pipeline(model, 1, () -> open(precision), pages, CHUNK_TOKENS)) {
      for (String id : Goldens.SMOLLM2) {
        Goldens.Prompt prompt = Goldens.smollm2(id);
        if (prompt.ids().length <= longest) {
          outcomes.add(outcome(pipeline, prompt));
          System.out.println(precision + " " + outcomes.get(outcomes.size() - 1));
        }
      }
    }
    return outcomes;
  }

  private static Backend open(String precision) {
    return Backends.open("cpu", new BackendOptions(precision, 1));
  }

  private static Outcome outcome(Pipeline pipeline, Goldens.Prompt prompt) throws Exception {
    ChunkPlan plan = new ChunkPlan(CHUNK_TOKENS, 1, new Random(1));
    float[] logits = pipeline.run(plan.batches(List.of(prompt.ids()), pipeline.kvPages())).get("0");
    List<TokenLogit> known = new ArrayList<>(prompt.probes());
    known.addAll(prompt.top10());
    double off = 0;
    for (TokenLogit logit : known) {
      off = Math.max(off, Math.abs((double) logits[logit.tokenId()] - logit.logit()));
    }
    int argmax = 0;
    for (int i = 1; i < logits.length; i++) {
      argmax = logits[i] > logits[argmax] ? i : argmax;
    }
    return new Outcome(prompt.name(), off, argmax == prompt.argmax());
  }
}
