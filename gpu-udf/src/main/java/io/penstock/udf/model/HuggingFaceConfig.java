package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads a {@link ModelConfig} from a {@code config.json} of model type {@code llama}, in the style
 * of published checkpoints ({@code rope_theta}, {@code rope_scaling}) and in that of transformers 5
 * ({@code rope_parameters}). Missing keys have the defaults of transformers' {@code LlamaConfig}.
 * What would change the answer and is not computed here is refused by name.
 */
final class HuggingFaceConfig {
  private static final String ARCHITECTURE = "LlamaForCausalLM";

  private final Path path;
  private final JsonNode json;

  private HuggingFaceConfig(Path path, JsonNode json) {
    this.path = path;
    this.json = json;
  }

  /**
   * @param path the {@code config.json}
   * @param name of the model, for people
   */
  static ModelConfig read(Path path, String name) throws IOException {
    return new HuggingFaceConfig(path, Json.object(path)).config(name);
  }

  private ModelConfig config(String name) throws ModelFileException {
    refuseWhatIsNotComputed();
    int hidden = required("hidden_size");
    int heads = required("num_attention_heads");
    ModelConfig config =
        new ModelConfig(
            "llama",
            name,
            required("vocab_size"),
            hidden,
            required("intermediate_size"),
            required("num_hidden_layers"),
            heads,
            integer(json, "num_key_value_heads").orElse(heads),
            headDim(hidden, heads),
            integer(json, "max_position_embeddings").orElse(2048),
            (float) number(json, "rms_norm_eps").orElse(1e-6).doubleValue(),
            rope(),
            bool("tie_word_embeddings"),
            bool("attention_bias"),
            bool("mlp_bias"),
            List.of());
    return ConfigCheck.check(path, config);
  }

  private void refuseWhatIsNotComputed() throws ModelFileException {
    String type = string(json, "model_type").orElse("llama");
    if (!type.equals("llama")) {
      throw refused("model_type", "not read yet: value=" + type + "; model types read: llama");
    }
    JsonNode architectures = json.path("architectures");
    if (architectures.isArray()
        && !architectures.isEmpty()
        && !ARCHITECTURE.equals(architectures.get(0).asText())) {
      throw refused(
          "architectures",
          "not read yet: value="
              + architectures.get(0).asText()
              + "; architectures read: "
              + ARCHITECTURE);
    }
    if (string(json, "model_type").isEmpty() && architectures.isEmpty()) {
      throw refused("model_type", "neither model_type nor architectures is there");
    }
    String activation = string(json, "hidden_act").orElse("silu");
    if (!activation.equals("silu")) {
      throw refused("hidden_act", "only silu is computed: value=" + activation);
    }
    if (json.hasNonNull("quantization_config")) {
      throw refused(
          "quantization_config",
          "quantised checkpoints are not read yet: quant_method="
              + json.get("quantization_config").path("quant_method").asText());
    }
  }

  private int headDim(int hidden, int heads) throws ModelFileException {
    Optional<Integer> headDim = integer(json, "head_dim");
    if (headDim.isEmpty() && (heads < 1 || hidden % heads != 0)) {
      throw refused(
          "num_attention_heads",
          "hidden_size is no multiple of it: hidden_size=" + hidden + " value=" + heads);
    }
    return headDim.orElseGet(() -> hidden / heads);
  }

  private RopeConfig rope() throws ModelFileException {
    JsonNode v5 = json.path("rope_parameters");
    JsonNode scaling = v5.isObject() ? v5 : json.path("rope_scaling");
    if (!scaling.isObject() && !scaling.isNull() && !scaling.isMissingNode()) {
      throw refused("rope_scaling", "no object: value=" + scaling);
    }
    Optional<Double> theta = number(scaling, "rope_theta");
    if (theta.isEmpty()) {
      theta = number(json, "rope_theta");
    }
    for (JsonNode where : new JsonNode[] {json, scaling}) {
      double rotated = number(where, "partial_rotary_factor").orElse(1.0);
      if (rotated != 1) {
        throw refused(
            "partial_rotary_factor", "heads rotated in part are not computed: value=" + rotated);
      }
    }
    return new RopeConfig(theta.orElse(10000.0), scaling(scaling));
  }

  private Optional<RopeConfig.Llama3Scaling> scaling(JsonNode scaling) throws ModelFileException {
    Optional<String> type = string(scaling, "rope_type");
    if (type.isEmpty()) {
      type = string(scaling, "type");
    }
    String name = type.orElse(scaling.hasNonNull("factor") ? "(missing)" : "default");
    return switch (name) {
      case "default" -> Optional.empty();
      case "llama3" -> Optional.of(llama3(scaling));
      default ->
          throw refused(
              "rope_scaling", "not read yet: rope_type=" + name + "; types read: default, llama3");
    };
  }

  private RopeConfig.Llama3Scaling llama3(JsonNode scaling) throws ModelFileException {
    RopeConfig.Llama3Scaling llama3 =
        new RopeConfig.Llama3Scaling(
            scalingNumber(scaling, "factor"),
            scalingNumber(scaling, "low_freq_factor"),
            scalingNumber(scaling, "high_freq_factor"),
            integer(scaling, "original_max_position_embeddings")
                .orElseThrow(
                    () ->
                        refused(
                            "original_max_position_embeddings",
                            "llama3 rope scaling needs the key")));
    if (!(llama3.factor() > 0)
        || !(llama3.lowFreqFactor() > 0)
        || !(llama3.highFreqFactor() > llama3.lowFreqFactor())
        || llama3.originalMaxPositions() < 1) {
      throw refused("rope_scaling", "the numbers do not fit: " + llama3);
    }
    return llama3;
  }

  private double scalingNumber(JsonNode scaling, String key) throws ModelFileException {
    return number(scaling, key)
        .orElseThrow(() -> refused(key, "llama3 rope scaling needs the key"));
  }

  private int required(String key) throws ModelFileException {
    return integer(json, key).orElseThrow(() -> refused(key, "the key is missing"));
  }

  private Optional<Integer> integer(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    JsonNode value = in.get(key);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt()) {
      throw refused(key, "no 32-bit integer: value=" + value);
    }
    return Optional.of(value.intValue());
  }

  private Optional<Double> number(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    if (!in.get(key).isNumber()) {
      throw refused(key, "no number: value=" + in.get(key));
    }
    return Optional.of(in.get(key).doubleValue());
  }

  private Optional<String> string(JsonNode in, String key) throws ModelFileException {
    if (!in.hasNonNull(key)) {
      return Optional.empty();
    }
    if (!in.get(key).isTextual()) {
      throw refused(key, "no string: value=" + in.get(key));
    }
    return Optional.of(in.get(key).textValue());
  }

  private boolean bool(String key) throws ModelFileException {
    if (!json.hasNonNull(key)) {
      return false;
    }
    if (!json.get(key).isBoolean()) {
      throw refused(key, "no boolean: value=" + json.get(key));
    }
    return json.get(key).booleanValue();
  }

  private ModelFileException refused(String key, String what) {
    return new ModelFileException(
        "cannot use model configuration: file=" + path + " key=" + key + ": " + what);
  }
}
