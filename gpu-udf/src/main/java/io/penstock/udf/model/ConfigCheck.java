package io.penstock.udf.model;

import java.nio.file.Path;

/** Whether the numbers of a configuration are possible and fit one another. */
final class ConfigCheck {
  /** Far above any model's; keeps what is allocated by a number small whatever a file says. */
  static final int MAX_HEAD_DIM = 1 << 14;

  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_VOCABULARY = 1 << 24;

  /** Far above any model's; keeps lists by layer small whatever a file says. */
  static final int MAX_LAYERS = 1 << 16;

  private ConfigCheck() {}

  /**
   * @param path the file that the configuration came from
   * @return {@code config}
   * @throws ModelFileException if a number is not positive, or two do not fit
   */
  static ModelConfig check(Path path, ModelConfig config) throws ModelFileException {
    positive(path, "vocabSize", config.vocabSize());
    positive(path, "hiddenSize", config.hiddenSize());
    positive(path, "intermediateSize", config.intermediateSize());
    positive(path, "layers", config.layers());
    positive(path, "heads", config.heads());
    positive(path, "kvHeads", config.kvHeads());
    positive(path, "headDim", config.headDim());
    positive(path, "contextTokens", config.contextTokens());
    if (config.heads() % config.kvHeads() != 0) {
      throw refused(
          path,
          "query heads are no multiple of key and value heads: heads="
              + config.heads()
              + " kvHeads="
              + config.kvHeads());
    }
    if (config.headDim() % 2 != 0) {
      throw refused(path, "rotary heads have an odd dimension: headDim=" + config.headDim());
    }
    atMost(path, "layers", config.layers(), MAX_LAYERS);
    atMost(path, "headDim", config.headDim(), MAX_HEAD_DIM);
    atMost(path, "hiddenSize", config.hiddenSize(), MAX_WIDTH);
    atMost(path, "intermediateSize", config.intermediateSize(), MAX_WIDTH);
    atMost(path, "vocabSize", config.vocabSize(), MAX_VOCABULARY);
    if ((long) config.heads() * config.headDim() > MAX_WIDTH) {
      throw refused(
          path,
          "heads are too wide: heads="
              + config.heads()
              + " headDim="
              + config.headDim()
              + " limit="
              + MAX_WIDTH);
    }
    if (!(config.rmsNormEps() > 0) || !Float.isFinite(config.rmsNormEps())) {
      throw refused(path, "bad epsilon of the norms: rmsNormEps=" + config.rmsNormEps());
    }
    if (!(config.rope().theta() > 0) || !Double.isFinite(config.rope().theta())) {
      throw refused(path, "bad base of the rotary frequencies: theta=" + config.rope().theta());
    }
    for (float frequency : config.rope().inverseFrequencies(config.headDim())) {
      if (!(frequency >= 0) || !Float.isFinite(frequency)) {
        throw refused(
            path, "rotary frequencies come out as " + frequency + ": rope=" + config.rope());
      }
    }
    return config;
  }

  private static void positive(Path path, String name, int value) throws ModelFileException {
    if (value < 1) {
      throw refused(path, "not positive: " + name + "=" + value);
    }
  }

  private static void atMost(Path path, String name, int value, int limit)
      throws ModelFileException {
    if (value > limit) {
      throw refused(path, name + "=" + value + " limit=" + limit);
    }
  }

  private static ModelFileException refused(Path path, String what) {
    return new ModelFileException("cannot use model configuration: file=" + path + ": " + what);
  }
}
