package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How far each layer sees, from a {@code config.json}, as transformers has it: Llama sees all.
 * Mistral has its {@code sliding_window} in every layer (4096 if the key is missing, none if it is
 * null). Qwen2 has one only if {@code use_sliding_window}, in the layers that {@code layer_types}
 * names, or else from {@code max_window_layers} on.
 */
final class LayerWindows {
  private static final String WINDOW = "sliding_window";
  private static final String TYPES = "layer_types";
  private static final int DEFAULT_WINDOW = 4096;
  private static final int DEFAULT_FIRST_LAYER = 28;

  private LayerWindows() {}

  /**
   * @param layers layers of the model, of any value
   * @return see {@link ModelConfig#windows}
   */
  static List<Integer> read(ConfigJson json, HuggingFaceFamily family, int layers)
      throws ModelFileException {
    boolean checkedLater = layers < 1 || layers > ConfigCheck.MAX_LAYERS;
    if (family == HuggingFaceFamily.LLAMA || checkedLater) {
      return List.of();
    }
    boolean mistral = family == HuggingFaceFamily.MISTRAL;
    Optional<Integer> window =
        mistral || json.bool("use_sliding_window") ? window(json) : Optional.empty();
    int first = mistral ? 0 : json.integer("max_window_layers").orElse(DEFAULT_FIRST_LAYER);
    List<Boolean> sliding = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      sliding.add(window.isPresent() && layer >= first);
    }
    if (json.root().hasNonNull(TYPES)) {
      List<Boolean> said = layerTypes(json, layers);
      if (!said.equals(sliding) && (mistral || window.isEmpty())) {
        throw json.refused(TYPES, "contradicts " + WINDOW + ": " + WINDOW + "=" + window);
      }
      sliding = said;
    }
    if (!sliding.contains(true)) {
      return List.of();
    }
    int tokens = window.get();
    return sliding.stream().map(one -> one ? tokens : ModelConfig.FULL_ATTENTION).toList();
  }

  private static Optional<Integer> window(ConfigJson json) throws ModelFileException {
    if (!json.root().has(WINDOW)) {
      return Optional.of(DEFAULT_WINDOW);
    }
    Optional<Integer> window = json.integer(WINDOW);
    if (window.isPresent() && window.get() < 1) {
      throw json.refused(WINDOW, "not positive: value=" + window.get());
    }
    return window;
  }

  /** For each layer whether it has the window. */
  private static List<Boolean> layerTypes(ConfigJson json, int layers) throws ModelFileException {
    JsonNode types = json.root().get(TYPES);
    if (!types.isArray() || types.size() != layers) {
      throw json.refused(
          TYPES,
          "no list of a type for each layer: elements=" + types.size() + " layers=" + layers);
    }
    List<Boolean> sliding = new ArrayList<>();
    for (JsonNode type : types) {
      switch (type.asText()) {
        case "full_attention" -> sliding.add(false);
        case "sliding_attention" -> sliding.add(true);
        default ->
            throw json.refused(
                TYPES,
                "not computed: value=" + type + "; types: full_attention, sliding_attention");
      }
    }
    return sliding;
  }
}
