package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads a {@link ModelConfig} from a {@code config.json} of one of the {@link HuggingFaceFamily}s,
 * in the style of published checkpoints ({@code rope_theta}, {@code rope_scaling}) and in that of
 * transformers 5 ({@code rope_parameters}). Missing keys have the defaults of transformers'
 * configuration classes. What would change the answer and is not computed here is refused by name;
 * what that model type does not heed in transformers either is not looked at.
 */
final class HuggingFaceConfig {
  private final ConfigJson json;
  private final HuggingFaceFamily family;

  private HuggingFaceConfig(ConfigJson json, HuggingFaceFamily family) {
    this.json = json;
    this.family = family;
  }

  /**
   * @param path the {@code config.json}
   * @param name of the model, for people
   */
  static ModelConfig read(Path path, String name) throws IOException {
    ConfigJson json = ConfigJson.read(path);
    return new HuggingFaceConfig(json, family(json)).config(name);
  }

  private ModelConfig config(String name) throws ModelFileException {
    refuseWhatIsNotComputed();
    int hidden = json.required("hidden_size");
    int heads = json.required("num_attention_heads");
    int layers = json.required("num_hidden_layers");
    boolean llama = family == HuggingFaceFamily.LLAMA;
    boolean attentionBias = llama && json.bool("attention_bias");
    ModelConfig config =
        new ModelConfig(
            family.modelType(),
            name,
            json.required("vocab_size"),
            hidden,
            json.required("intermediate_size"),
            layers,
            heads,
            kvHeads(heads),
            headDim(hidden, heads),
            json.integer("max_position_embeddings").orElse(family.contextTokens()),
            (float) json.number(json.root(), "rms_norm_eps").orElse(1e-6).doubleValue(),
            rope(),
            json.bool("tie_word_embeddings"),
            attentionBias || family == HuggingFaceFamily.QWEN2,
            attentionBias,
            llama && json.bool("mlp_bias"),
            LayerWindows.read(json, family, layers));
    return ConfigCheck.check(json.path(), config);
  }

  private static HuggingFaceFamily family(ConfigJson json) throws ModelFileException {
    Optional<String> type = json.string(json.root(), "model_type");
    JsonNode first = json.root().path("architectures").path(0);
    if (type.isEmpty() && first.isMissingNode()) {
      throw json.refused("model_type", "neither model_type nor architectures is there");
    }
    if (type.isPresent() && HuggingFaceFamily.ofModelType(type.get()).isEmpty()) {
      throw json.refused(
          "model_type",
          "not read yet: value="
              + type.get()
              + "; model types read: "
              + HuggingFaceFamily.modelTypes());
    }
    Optional<HuggingFaceFamily> family =
        type.isPresent()
            ? HuggingFaceFamily.ofModelType(type.get())
            : HuggingFaceFamily.ofArchitecture(first.asText());
    boolean fits =
        first.isMissingNode() || family.equals(HuggingFaceFamily.ofArchitecture(first.asText()));
    if (family.isEmpty() || !fits) {
      throw json.refused(
          "architectures",
          "not read yet: value="
              + first.asText()
              + "; architectures read: "
              + family
                  .map(HuggingFaceFamily::architecture)
                  .orElseGet(HuggingFaceFamily::architectures));
    }
    return family.get();
  }

  private void refuseWhatIsNotComputed() throws ModelFileException {
    String activation = json.string(json.root(), "hidden_act").orElse("silu");
    if (!activation.equals("silu")) {
      throw json.refused("hidden_act", "only silu is computed: value=" + activation);
    }
    JsonNode quantization = json.root().path("quantization_config");
    if (!quantization.isNull() && !quantization.isMissingNode()) {
      throw json.refused(
          "quantization_config",
          "quantised checkpoints are not read yet: quant_method="
              + quantization.path("quant_method").asText());
    }
    if (json.bool("use_mrope")) {
      throw json.refused("use_mrope", "rotary embeddings in sections are not computed");
    }
  }

  /** Null stands for as many as query heads, whatever the default of a missing key is. */
  private int kvHeads(int heads) throws ModelFileException {
    String key = "num_key_value_heads";
    return json.root().has(key) ? json.integer(key).orElse(heads) : family.kvHeads(heads);
  }

  private int headDim(int hidden, int heads) throws ModelFileException {
    Optional<Integer> headDim = json.integer("head_dim");
    if (headDim.isEmpty() && (heads < 1 || hidden % heads != 0)) {
      throw json.refused(
          "num_attention_heads",
          "hidden_size is no multiple of it: hidden_size=" + hidden + " value=" + heads);
    }
    return headDim.orElseGet(() -> hidden / heads);
  }

  private RopeConfig rope() throws ModelFileException {
    JsonNode v5 = json.root().path("rope_parameters");
    JsonNode scaling = v5.isObject() ? v5 : json.root().path("rope_scaling");
    if (!scaling.isObject() && !scaling.isNull() && !scaling.isMissingNode()) {
      throw json.refused("rope_scaling", "no object: value=" + scaling);
    }
    for (JsonNode value : scaling) {
      if (value.isObject()) {
        throw json.refused("rope_parameters", "several for one model are not read: " + scaling);
      }
    }
    Optional<Double> theta = json.number(scaling, "rope_theta");
    if (theta.isEmpty()) {
      theta = json.number(json.root(), "rope_theta");
    }
    for (JsonNode where : new JsonNode[] {json.root(), scaling}) {
      double rotated = json.number(where, "partial_rotary_factor").orElse(1.0);
      if (rotated != 1) {
        throw json.refused(
            "partial_rotary_factor", "heads rotated in part are not computed: value=" + rotated);
      }
    }
    return new RopeConfig(theta.orElse(10000.0), scaling(scaling));
  }

  private Optional<RopeConfig.Llama3Scaling> scaling(JsonNode scaling) throws ModelFileException {
    Optional<String> type = json.string(scaling, "rope_type");
    if (type.isEmpty()) {
      type = json.string(scaling, "type");
    }
    String name = type.orElse(scaling.hasNonNull("factor") ? "(missing)" : "default");
    return switch (name) {
      case "default" -> Optional.empty();
      case "llama3" -> Optional.of(llama3(scaling));
      default ->
          throw json.refused(
              "rope_scaling", "not read yet: rope_type=" + name + "; types read: default, llama3");
    };
  }

  private RopeConfig.Llama3Scaling llama3(JsonNode scaling) throws ModelFileException {
    RopeConfig.Llama3Scaling llama3 =
        new RopeConfig.Llama3Scaling(
            scalingNumber(scaling, "factor"),
            scalingNumber(scaling, "low_freq_factor"),
            scalingNumber(scaling, "high_freq_factor"),
            json.integer(scaling, "original_max_position_embeddings")
                .orElseThrow(
                    () ->
                        json.refused(
                            "original_max_position_embeddings",
                            "llama3 rope scaling needs the key")));
    if (!(llama3.factor() > 0)
        || !(llama3.lowFreqFactor() > 0)
        || !(llama3.highFreqFactor() > llama3.lowFreqFactor())
        || llama3.originalMaxPositions() < 1) {
      throw json.refused("rope_scaling", "the numbers do not fit: " + llama3);
    }
    return llama3;
  }

  private double scalingNumber(JsonNode scaling, String key) throws ModelFileException {
    return json.number(scaling, key)
        .orElseThrow(() -> json.refused(key, "llama3 rope scaling needs the key"));
  }
}
