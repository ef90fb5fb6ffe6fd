package io.penstock.udf.model;

import static io.penstock.udf.model.ModelConfig.FULL_ATTENTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sets Mistral and Qwen2 apart from Llama, in directories and in GGUF files. */
class HuggingFaceFamilyTest {
  private static final String FULL = "\"full_attention\"";
  private static final String SLIDING = "\"sliding_attention\"";

  @TempDir Path directory;

  private static SafetensorsBytes mistral() {
    return SafetensorsBytes.tinyLlama()
        .config("model_type", "\"mistral\"")
        .config("architectures", "[\"MistralForCausalLM\"]");
  }

  private static SafetensorsBytes qwen2() {
    return SafetensorsBytes.tinyLlama()
        .config("model_type", "\"qwen2\"")
        .config("architectures", "[\"Qwen2ForCausalLM\"]")
        .f32("model.layers.0.self_attn.q_proj.bias", 8)
        .f32("model.layers.0.self_attn.k_proj.bias", 4)
        .f32("model.layers.0.self_attn.v_proj.bias", 4);
  }

  private ModelConfig config(SafetensorsBytes bytes) throws IOException {
    try (Model model = Models.open(bytes.write(directory))) {
      return model.config();
    }
  }

  private void assertRefused(SafetensorsBytes bytes, String... message) {
    bytes.write(directory);
    assertThatThrownBy(() -> Models.open(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContainingAll(message);
  }

  @Test
  void mistralHasAWindowInEveryLayer() throws IOException {
    try (Model model = Models.open(TinyModels.directory("mistral-swa-a"))) {
      assertThat(model.config().family()).isEqualTo("mistral");
      assertThat(model.config().windows()).containsExactly(48, 48, 48);
    }
    assertThat(config(mistral()).window(0)).isEqualTo(4096);
    assertThat(config(mistral().config("sliding_window", "null")).window(0))
        .isEqualTo(FULL_ATTENTION);
    assertThat(config(mistral().config("sliding_window", "1")).window(0)).isEqualTo(1);
    // transformers does not heed this one.
    assertThat(config(mistral().config("attention_bias", "true")).qkvBias()).isFalse();
    assertRefused(mistral().config("sliding_window", "0"), "key=sliding_window", "value=0");
    assertRefused(mistral().config("sliding_window", "true"), "key=sliding_window", "value=true");
  }

  @Test
  void mistralsLayerTypesMayNotContradictItsWindow() throws IOException {
    String sliding = "[" + SLIDING + "]";
    assertThat(config(mistral().config("layer_types", sliding)).window(0)).isEqualTo(4096);
    assertRefused(
        mistral().config("layer_types", "[" + FULL + "]"), "key=layer_types", "sliding_window");
    assertRefused(
        mistral().config("layer_types", sliding).config("sliding_window", "null"),
        "key=layer_types");
    assertRefused(
        mistral().config("layer_types", "[" + SLIDING + "," + SLIDING + "]"), "elements=2");
    assertRefused(mistral().config("layer_types", "[\"chunked_attention\"]"), "chunked_attention");
    assertRefused(mistral().config("layer_types", "7"), "key=layer_types");
  }

  @Test
  void qwen2HasBiasesOnQueriesKeysAndValues() throws IOException {
    ModelConfig config = config(qwen2());
    assertThat(config.family()).isEqualTo("qwen2");
    assertThat(config.qkvBias()).isTrue();
    assertThat(config.outputBias()).isFalse();
    assertThat(config.mlpBias()).isFalse();
    assertThat(config(qwen2().config("max_position_embeddings", null)).contextTokens())
        .isEqualTo(32768);
    assertRefused(
        SafetensorsBytes.tinyLlama()
            .config("model_type", "\"qwen2\"")
            .config("architectures", "[\"Qwen2ForCausalLM\"]"),
        "missing",
        "q_proj.bias");
    assertRefused(qwen2().f32("model.layers.0.self_attn.o_proj.bias", 8), "tensor=", "o_proj.bias");
    assertRefused(qwen2().config("use_mrope", "true"), "key=use_mrope");
  }

  @Test
  void qwen2HasAWindowOnlyWhereItSaysSo() throws IOException {
    // As published: a window, layers that would have it, and the switch off.
    SafetensorsBytes published =
        qwen2().config("sliding_window", "32").config("max_window_layers", "0");
    assertThat(config(published).windows()).isEmpty();
    assertThat(config(published.config("use_sliding_window", "false")).windows()).isEmpty();
    assertThat(config(published.config("use_sliding_window", "true")).windows())
        .containsExactly(32);
    assertThat(config(published.config("max_window_layers", "1")).windows()).isEmpty();
    assertThat(config(published.config("max_window_layers", null)).windows()).isEmpty();
    assertThat(config(published.config("layer_types", "[" + SLIDING + "]")).windows())
        .containsExactly(32);
    assertRefused(
        published.config("use_sliding_window", "false"), "key=layer_types", "sliding_window");
  }

  @Test
  void layersDifferInQwen2() throws IOException {
    ConfigJson json =
        ConfigJson.read(
            qwen2()
                .config("use_sliding_window", "true")
                .config("sliding_window", "7")
                .config("max_window_layers", "2")
                .write(directory)
                .resolve("config.json"));
    assertThat(LayerWindows.read(json, HuggingFaceFamily.QWEN2, 4))
        .isEqualTo(List.of(FULL_ATTENTION, FULL_ATTENTION, 7, 7));
    assertThat(LayerWindows.read(json, HuggingFaceFamily.QWEN2, Integer.MAX_VALUE)).isEmpty();
  }

  @Test
  void llamaHeedsNoWindow() throws IOException {
    assertThat(config(SafetensorsBytes.tinyLlama().config("sliding_window", "8")).windows())
        .isEmpty();
  }

  @Test
  void modelTypesMayBeLeftOut() throws IOException {
    assertThat(config(qwen2().config("model_type", null)).family()).isEqualTo("qwen2");
    assertThat(config(mistral().config("architectures", null)).family()).isEqualTo("mistral");
    assertRefused(
        qwen2().config("model_type", null).config("architectures", "[\"Qwen3ForCausalLM\"]"),
        "value=Qwen3ForCausalLM",
        "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM");
    assertRefused(
        qwen2().config("rope_parameters", "{\"full_attention\":{\"rope_theta\":1e6}}"),
        "key=rope_parameters");
  }

  @Test
  void ggufKeepsQwen2sRowsInOrder() throws IOException {
    try (Model model = Models.open(TinyModels.gguf("qwen2-a.Q8_0"))) {
      assertThat(model.config().family()).isEqualTo("qwen2");
      assertThat(model.config().qkvBias()).isTrue();
      assertThat(model.config().rmsNormEps()).isEqualTo(1e-6f);
      assertThat(model.config().windows()).isEmpty();
    }
  }
}
