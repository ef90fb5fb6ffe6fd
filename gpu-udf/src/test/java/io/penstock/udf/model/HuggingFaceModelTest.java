package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

class HuggingFaceModelTest {
  @TempDir Path directory;

  @Test
  void readsTheNewStyleOfConfiguration() throws IOException {
    try (Model model = Models.open(TinyModels.directory("llama-bias-a"))) {
      assertThat(model.config())
          .isEqualTo(
              new ModelConfig(
                  "llama",
                  "llama-bias-a",
                  600,
                  72,
                  150,
                  2,
                  4,
                  1,
                  24,
                  2048,
                  1e-5f,
                  new RopeConfig(10000, Optional.empty()),
                  false,
                  true,
                  true,
                  true,
                  List.of()));
      assertThat(model.weights().has("model.layers.1.self_attn.o_proj.bias")).isTrue();
      assertThat(model.hasTokenizer()).isFalse();
      assertThat(model.openTokenizer()).isEmpty();
    }
  }

  @Test
  void readsTheOldStyleWithScalingAndSeveralFiles() throws IOException {
    try (Model model = Models.open(TinyModels.directory("llama-rope3-tied-a"))) {
      ModelConfig config = model.config();
      assertThat(config.tiedEmbeddings()).isTrue();
      assertThat(model.weights().has("lm_head.weight")).isFalse();
      assertThat(config.headDim()).isEqualTo(16);
      assertThat(config.rope())
          .isEqualTo(
              new RopeConfig(
                  500000, Optional.of(new RopeConfig.Llama3Scaling(8.0, 1.0, 4.0, 256))));
      assertThat(model.identity()).contains("model-00005-of-00005.safetensors");
    }
  }

  @Test
  void readsScalingInTheNewStyle() throws IOException {
    SafetensorsBytes bytes =
        SafetensorsBytes.tinyLlama()
            .config("rope_theta", null)
            .config(
                "rope_parameters",
                """
                {"rope_theta":500000.0,"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,
                 "high_freq_factor":4.0,"original_max_position_embeddings":256}""");
    try (Model model = Models.open(bytes.write(directory))) {
      assertThat(model.config().rope())
          .isEqualTo(
              new RopeConfig(
                  500000, Optional.of(new RopeConfig.Llama3Scaling(8.0, 1.0, 4.0, 256))));
    }
  }

  @Test
  void missingKeysHaveTransformersDefaults() throws IOException {
    SafetensorsBytes bytes =
        SafetensorsBytes.tinyLlama()
            .config("num_key_value_heads", "null")
            .config("max_position_embeddings", null)
            .f32("model.layers.0.self_attn.k_proj.weight", 8, 8)
            .f32("model.layers.0.self_attn.v_proj.weight", 8, 8)
            .f32("old_k", 4, 8)
            .f32("old_v", 4, 8);
    // The two replaced entries left their bytes behind; other names must cover them.
    int rows = 6 * 8 + 8 + 6 * 8 + 8 + 8 * 8;
    bytes.entry("old_k", entry("F32", "[4,8]", 4 * rows, 4 * rows + 128));
    bytes.entry("old_v", entry("F32", "[4,8]", 4 * rows + 128, 4 * rows + 256));
    bytes.entry("rest", entry("U8", "[256]", bytes.dataBytes() - 256, bytes.dataBytes()));
    try (Model model = Models.open(bytes.write(directory))) {
      ModelConfig config = model.config();
      assertThat(config.kvHeads()).isEqualTo(2);
      assertThat(config.headDim()).isEqualTo(4);
      assertThat(config.contextTokens()).isEqualTo(2048);
      assertThat(config.rmsNormEps()).isEqualTo(1e-6f);
      assertThat(config.rope()).isEqualTo(new RopeConfig(10000, Optional.empty()));
      assertThat(config.tiedEmbeddings()).isFalse();
      assertThat(config.qkvBias()).isFalse();
    }
  }

  @ParameterizedTest
  @FieldSource("io.penstock.udf.model.TinyModels#DIRECTORIES")
  void embeddingsHaveTheNormsOfTheGoldens(String name) throws IOException {
    try (Model model = Models.open(TinyModels.directory(name))) {
      WeightTensor embeddings = model.weights().tensor("model.embed_tokens.weight");
      float[] row = new float[embeddings.cols()];
      for (Goldens.Prompt prompt : Goldens.tiny(name)) {
        embeddings.readRows(prompt.ids()[prompt.ids().length - 1], 1, row, 0);
        double squares = 0;
        for (float value : row) {
          squares += (double) value * value;
        }
        assertThat(Math.sqrt(squares)).isCloseTo(prompt.hiddenL2()[0], within(1e-5));
      }
    }
  }

  @Test
  void readsATokenizerFile() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":{"direction":"Right","max_length":2,
          "strategy":"LongestFirst","stride":0},
         "padding":{"strategy":{"Fixed":8},"direction":"Right","pad_to_multiple_of":null,
          "pad_id":0,"pad_type_id":0,"pad_token":"<s>"},
         "added_tokens":[{"id":0,"content":"<s>","single_word":false,"lstrip":false,
          "rstrip":false,"normalized":false,"special":true}],
         "normalizer":null,"pre_tokenizer":{"type":"Whitespace"},
         "post_processor":{"type":"BertProcessing","sep":["<s>",0],"cls":["<s>",0]},
         "decoder":null,
         "model":{"type":"WordLevel","vocab":{"<s>":0,"a":1,"b":2,"?":3},"unk_token":"?"}}""");
    try (Model model = Models.open(directory);
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      assertThat(model.hasTokenizer()).isTrue();
      assertThat(tokenizer.encode("a b<s>a")).containsExactly(1, 2, 0, 1);
      assertThat(tokenizer.encode("")).isEmpty();
    }
    for (String old : List.of("tokenizer.model", "vocab.json")) {
      Files.deleteIfExists(directory.resolve("tokenizer.json"));
      Files.writeString(directory.resolve(old), "x");
      try (Model model = Models.open(directory)) {
        assertThat(model.hasTokenizer()).isTrue();
        assertThatThrownBy(model::openTokenizer)
            .isInstanceOf(ModelFileException.class)
            .hasMessageContainingAll("tokenizer.json is missing", "there=" + old);
      }
      Files.delete(directory.resolve(old));
    }
    Files.writeString(directory.resolve("tokenizer.json"), "{}");
    try (Model model = Models.open(directory)) {
      assertThatThrownBy(model::openTokenizer)
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }

  static Stream<Arguments> wrongDirectories() {
    return Stream.of(
        wrong(
            m -> m.config("model_type", "\"qwen3\""),
            "key=model_type",
            "value=qwen3",
            "llama, mistral, qwen2"),
        wrong(
            m -> m.config("model_type", "\"qwen2\""),
            "architectures",
            "value=LlamaForCausalLM",
            "read: Qwen2ForCausalLM"),
        wrong(m -> m.config("architectures", "[\"QwenForX\"]"), "architectures", "value=QwenForX"),
        wrong(
            m -> m.config("architectures", null).config("model_type", null),
            "neither model_type nor architectures"),
        wrong(m -> m.config("hidden_act", "\"gelu\""), "hidden_act", "value=gelu"),
        wrong(
            m -> m.config("quantization_config", "{\"quant_method\":\"awq\"}"), "quant_method=awq"),
        wrong(m -> m.config("vocab_size", null), "key=vocab_size", "missing"),
        wrong(m -> m.config("vocab_size", "\"6\""), "key=vocab_size", "value=\"6\""),
        wrong(m -> m.config("vocab_size", "6.5"), "key=vocab_size", "value=6.5"),
        wrong(m -> m.config("hidden_size", "99999999999"), "hidden_size", "value=99999999999"),
        wrong(m -> m.config("num_hidden_layers", "-1"), "layers=-1"),
        wrong(m -> m.config("num_hidden_layers", "2"), "tensor=model.layers.1.input_layernorm"),
        wrong(m -> m.config("num_attention_heads", "3"), "hidden_size=8 value=3"),
        wrong(m -> m.config("head_dim", "2147483646"), "headDim=2147483646"),
        wrong(m -> m.config("attention_bias", "true"), "self_attn.q_proj.bias", "missing"),
        wrong(m -> m.config("attention_bias", "1"), "attention_bias", "value=1"),
        wrong(m -> m.config("partial_rotary_factor", "0.5"), "partial_rotary_factor", "0.5"),
        wrong(
            m -> m.config("rope_scaling", "{\"type\":\"linear\",\"factor\":2.0}"),
            "rope_type=linear"),
        wrong(m -> m.config("rope_scaling", "{\"factor\":2.0}"), "rope_type=(missing)"),
        wrong(m -> m.config("rope_scaling", "2"), "rope_scaling", "value=2"),
        wrong(
            m -> m.config("rope_parameters", "{\"rope_type\":\"yarn\",\"factor\":2.0}"),
            "rope_type=yarn"),
        wrong(
            m -> m.config("rope_parameters", "{\"rope_type\":\"llama3\",\"factor\":2.0}"),
            "low_freq_factor"),
        wrong(
            m ->
                m.config(
                    "rope_scaling",
                    "{\"rope_type\":\"llama3\",\"factor\":2,\"low_freq_factor\":4,"
                        + "\"high_freq_factor\":4,\"original_max_position_embeddings\":9}"),
            "lowFreqFactor=4.0"),
        wrong(m -> m.config("x", "[" + "[".repeat(2000)), "bad JSON"),
        wrong(m -> m.entry("model.norm.weight", "7"), "tensor=model.norm.weight"),
        wrong(m -> m.entry("model.norm.weight", entry("F32", "[9]", 192, 224)), "shape=[9]"),
        wrong(m -> m.entry("model.norm.weight", entry("F64", "[4]", 192, 224)), "expected=[8]"),
        wrong(m -> m.entry("model.norm.weight", entry("I32", "[8]", 192, 224)), "type=I32"),
        wrong(m -> m.entry("model.norm.weight", entry("F4", "[8]", 192, 224)), "type=F4"),
        wrong(m -> m.entry("model.norm.weight", entry("F32", "[-8]", 192, 224)), "negative"),
        wrong(
            m -> m.entry("model.norm.weight", entry("F32", "[4294967296,4294967296,8]", 192, 224)),
            "size and shape differ"),
        wrong(
            m -> m.entry("model.norm.weight", entry("F32", "[8]", 160, 192)),
            "hole or overlap",
            "data_offsets=[160, 192]"),
        wrong(m -> m.entry("model.norm.weight", null), "hole or overlap"),
        wrong(m -> m.data(4), "bytes after the last tensor"),
        wrong(
            m -> m.entry("x", entry("F32", "[1]", m.dataBytes(), m.dataBytes() + 4)),
            "tensor=x",
            "beyond the file"),
        wrong(
            m -> m.f32("model.layers.0.mlp.up_proj.weight2", 1).entry("x", "{\"dtype\":\"F32\"}"),
            "tensor=x"));
  }

  private static Arguments wrong(UnaryOperator<SafetensorsBytes> change, String... expected) {
    return arguments(change.apply(SafetensorsBytes.tinyLlama()), List.of(expected));
  }

  private static String entry(String dtype, String shape, int begin, int end) {
    return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(dtype, shape, begin, end);
  }

  @ParameterizedTest
  @MethodSource("wrongDirectories")
  void saysWhatIsWrong(SafetensorsBytes bytes, List<String> expected) {
    bytes.write(directory);
    assertThatThrownBy(() -> Models.open(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(directory.toString())
        .hasMessageContainingAll(expected.toArray(CharSequence[]::new));
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] whole = SafetensorsBytes.tinyLlama().bytes();
    SafetensorsBytes.tinyLlama().write(directory);
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(directory.resolve("model.safetensors"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Models.open(directory)).isInstanceOf(ModelFileException.class);
    }
  }

  @Test
  void headersBeyondTheFileAreNotRead() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    for (long length : new long[] {-1, 0, 1, 1 << 20, 100_000_001, Long.MAX_VALUE}) {
      Files.write(
          directory.resolve("model.safetensors"),
          new LittleEndianBytes().i64(length).zeros(100).array());
      assertThatThrownBy(() -> Models.open(directory))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("headerBytes=" + Long.toUnsignedString(length));
    }
  }

  @Test
  void indexesStayInTheirDirectory() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    Files.move(directory.resolve("model.safetensors"), directory.resolve("a.safetensors"));
    assertIndexRefused("{\"weight_map\":{\"x\":\"../a.safetensors\"}}", "no plain file name");
    assertIndexRefused("{\"weight_map\":{\"x\":\"/a.safetensors\"}}", "no plain file name");
    assertIndexRefused("{\"weight_map\":{\"x\":7}}", "no plain file name");
    assertIndexRefused("{\"weight_map\":{\"x\":\"b.safetensors\"}}", "b.safetensors");
    assertIndexRefused("{\"weight_map\":{\"x\":\"a.safetensors\"}}", "tensor=x");
    assertIndexRefused("{\"weight_map\":[]}", "weight_map");
    assertIndexRefused("[]", "not a JSON object");
    assertIndexRefused("{\"weight_map\":{}}", "tensor=model.embed_tokens.weight");
    Files.delete(directory.resolve("model.safetensors.index.json"));
    assertThatThrownBy(() -> Models.open(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("no weights");
    Files.delete(directory.resolve("config.json"));
    assertThatThrownBy(() -> Models.open(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("no config.json");
  }

  private void assertIndexRefused(String index, String message) throws IOException {
    Files.writeString(directory.resolve("model.safetensors.index.json"), index);
    assertThatThrownBy(() -> Models.open(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(message);
  }
}
