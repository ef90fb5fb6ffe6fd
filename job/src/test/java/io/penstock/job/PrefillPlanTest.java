package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.admit.RecordFormat;
import io.penstock.udf.model.TinyModels;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrefillPlanTest {
  private static final Path MODEL = TinyModels.directory("llama-gqa-a");

  @Test
  void numbersAreSettledOnceForAllOperators() throws RefusedException {
    PrefillPlan plan =
        resolve("--pp-size=2 --replicas=3 --admit-parallelism=4 --max-total-tokens=1000");
    assertThat(plan.kvTokens()).isEqualTo(960);
    assertThat(plan.head().kvPages()).isEqualTo(15);
    assertThat(plan.stage(1).kvPages()).isEqualTo(15);
    assertThat(plan.stage(1).maxBatchTokens()).isEqualTo(plan.head().maxBatchTokens());
    assertThat(plan.admit(RecordFormat.AVRO).kvTokens()).isEqualTo(960);
    assertThat(plan.stageSlots()).isEqualTo(6);
    assertThat(plan.ioSlots()).isEqualTo(4);
    assertThat(plan.firstToken().chunkPolicy()).isEqualTo("fixed:512");
    assertThat(plan.layers(0)).isEqualTo("layers 0-0");
    assertThat(plan.layers(1)).isEqualTo("layers 1-2");
  }

  @Test
  void moreStagesThanLayersAreRefused() {
    assertThatThrownBy(() -> resolve("--pp-size=4"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("layers=3")
        .hasMessageContaining("stages=4")
        .hasMessageContaining("--pp-size");
  }

  @Test
  void anUnknownBackendIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> resolve("--backend=abacus"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--backend=abacus")
        .hasMessageContaining("reference");
  }

  @Test
  void aModelThatIsNotThereIsRefused() {
    PrefillOptions options = PrefillOptionsTest.parse("--model-path=/none", "--backend=reference");
    assertThatThrownBy(() -> PrefillPlan.resolve(options))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--model-path")
        .hasMessageContaining("/none");
  }

  @Test
  void aChatTemplateTravelsAsText(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("chat.jinja"), "{{ messages }}");
    assertThat(resolve("--chat-template=" + file).admit(RecordFormat.AVRO).chatTemplate())
        .isEqualTo("{{ messages }}");
    assertThat(resolve("--pp-size=1").admit(RecordFormat.AVRO).chatTemplate()).isNull();
    Files.writeString(file, "a\n{% for %}");
    assertThatThrownBy(() -> resolve("--chat-template=" + file))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--chat-template=" + file + " cannot be parsed: line=2 column=8");
    assertThatThrownBy(() -> resolve("--chat-template=" + folder.resolve("none")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("cannot read --chat-template");
  }

  private static PrefillPlan resolve(String options) throws RefusedException {
    String backend = options.contains("--backend") ? "" : " --backend=reference";
    return PrefillPlan.resolve(
        PrefillOptionsTest.parse("--model-path=" + MODEL, options + backend));
  }
}
