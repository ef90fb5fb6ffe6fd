package io.penstock.udf.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a {@link ModelConfig} from the metadata of a GGUF file of architecture {@code llama}. What
 * would change the answer and is not computed here is refused by name.
 */
final class GgufConfig {
  private static final String ROPE_DIVISORS = "rope_freqs.weight";

  /** Factors that other architectures have and that change every answer. */
  private static final List<String> SCALES =
      List.of(
          "llama.attention.scale",
          "llama.residual_scale",
          "llama.embedding_scale",
          "llama.logit_scale");

  private GgufConfig() {}

  static ModelConfig read(GgufFile file) throws IOException {
    GgufMetadata keys = file.metadata();
    String architecture =
        keys.string("general.architecture")
            .orElseThrow(() -> keys.refused("general.architecture", "the key is missing"));
    if (!architecture.equals("llama")) {
      throw keys.refused(
          "general.architecture",
          "architecture is not read yet: value=" + architecture + "; architectures read: llama");
    }
    refuseWhatIsNotComputed(keys);
    int hidden = keys.requiredInteger("llama.embedding_length");
    int heads = keys.requiredInteger("llama.attention.head_count");
    int headDim = headDim(keys, hidden, heads);
    ModelConfig config =
        new ModelConfig(
            "llama",
            String.valueOf(file.path().getFileName()),
            vocabSize(file),
            hidden,
            keys.requiredInteger("llama.feed_forward_length"),
            keys.requiredInteger("llama.block_count"),
            heads,
            keys.integer("llama.attention.head_count_kv").orElse(heads),
            headDim,
            keys.requiredInteger("llama.context_length"),
            keys.number("llama.attention.layer_norm_rms_epsilon")
                .orElseThrow(
                    () ->
                        keys.refused(
                            "llama.attention.layer_norm_rms_epsilon", "the key is missing"))
                .floatValue(),
            new RopeConfig(
                keys.number("llama.rope.freq_base").orElse(10000.0),
                Optional.empty(),
                ropeDivisors(file, headDim)),
            !file.tensors().containsKey("output.weight"),
            biases(file, "attn_q", "attn_k", "attn_v", "attn_output"),
            biases(file, "ffn_gate", "ffn_up", "ffn_down"),
            List.of());
    return ConfigCheck.check(file.path(), config);
  }

  private static void refuseWhatIsNotComputed(GgufMetadata keys) throws ModelFileException {
    if (keys.integer("split.count").orElse(1) > 1) {
      throw keys.refused(
          "split.count",
          "models in several GGUF files are not read: value="
              + keys.integer("split.count").get()
              + "; merge them with llama-gguf-split --merge");
    }
    if (keys.integer("llama.expert_count").orElse(0) != 0) {
      throw keys.refused(
          "llama.expert_count",
          "mixtures of experts are not read yet: value="
              + keys.integer("llama.expert_count").get());
    }
    refuseScaling(keys);
    for (String key : SCALES) {
      if (keys.has(key)) {
        throw keys.refused(key, "not computed for this architecture");
      }
    }
    if (!keys.bool("llama.attention.causal").orElse(true)) {
      throw keys.refused("llama.attention.causal", "only causal attention is computed");
    }
  }

  /** As llama.cpp has it: without a type a factor means linear scaling; 0 and 1 mean none. */
  private static void refuseScaling(GgufMetadata keys) throws ModelFileException {
    String type = keys.string("llama.rope.scaling.type").orElse("linear");
    if (type.equals("none")) {
      return;
    }
    if (!type.equals("linear")) {
      throw keys.refused("llama.rope.scaling.type", "rope scaling is not read yet: value=" + type);
    }
    for (String key : List.of("llama.rope.scaling.factor", "llama.rope.scale_linear")) {
      double factor = keys.number(key).orElse(1.0);
      if (factor != 0 && factor != 1) {
        throw keys.refused(key, "linear rope scaling is not read yet: value=" + factor);
      }
    }
  }

  private static int headDim(GgufMetadata keys, int hidden, int heads) throws ModelFileException {
    Optional<Integer> keyLength = keys.integer("llama.attention.key_length");
    if (keyLength.isEmpty() && (heads < 1 || hidden % heads != 0)) {
      throw keys.refused(
          "llama.attention.head_count",
          "hidden size is no multiple of heads: hiddenSize=" + hidden + " heads=" + heads);
    }
    int headDim = keyLength.orElseGet(() -> hidden / heads);
    requireEqual(keys, "llama.attention.value_length", headDim);
    requireEqual(keys, "llama.rope.dimension_count", headDim);
    return headDim;
  }

  private static void requireEqual(GgufMetadata keys, String key, int headDim)
      throws ModelFileException {
    int value = keys.integer(key).orElse(headDim);
    if (value != headDim) {
      throw keys.refused(
          key,
          "another value than the head dimension is not computed: value="
              + value
              + " headDim="
              + headDim);
    }
  }

  /** Rows of the embedding; the tokenizer's list of tokens must agree. */
  private static int vocabSize(GgufFile file) throws ModelFileException {
    GgufMetadata keys = file.metadata();
    Optional<Long> tokens = keys.arrayLength("tokenizer.ggml.tokens");
    RawTensor embedding = file.tensors().get("token_embd.weight");
    long rows = embedding == null ? tokens.orElse(0L) : embedding.shape().get(0);
    if (tokens.isPresent() && tokens.get() != rows) {
      throw keys.refused(
          "tokenizer.ggml.tokens",
          "tokens and embeddings differ in number: tokens=" + tokens.get() + " token_embd=" + rows);
    }
    if (rows > Integer.MAX_VALUE) {
      throw keys.refused("tokenizer.ggml.tokens", "too many tokens: tokens=" + rows);
    }
    return (int) rows;
  }

  private static boolean biases(GgufFile file, String... linears) throws ModelFileException {
    int there = 0;
    for (String linear : linears) {
      there += file.tensors().containsKey("blk.0." + linear + ".bias") ? 1 : 0;
    }
    if (there != 0 && there != linears.length) {
      throw new ModelFileException(
          "biases on some projections only are not computed: file="
              + file.path()
              + " tensors=blk.0.{"
              + String.join(",", linears)
              + "}.bias there="
              + there);
    }
    return there != 0;
  }

  private static List<Float> ropeDivisors(GgufFile file, int headDim) throws IOException {
    RawTensor raw = file.tensors().get(ROPE_DIVISORS);
    if (raw == null || headDim > ConfigCheck.MAX_HEAD_DIM) {
      return List.of(); // such heads are refused with the rest of the configuration
    }
    StoredTensor tensor =
        raw.as(new LlamaTensors.Expected(ROPE_DIVISORS, ROPE_DIVISORS, 1, headDim / 2, false));
    float[] values = new float[tensor.cols()];
    tensor.readRows(0, 1, values, 0);
    List<Float> divisors = new ArrayList<>();
    for (float value : values) {
      if (!(value > 0) || !Float.isFinite(value)) {
        throw new ModelFileException(
            "bad rotary frequency divisor: file="
                + file.path()
                + " tensor="
                + ROPE_DIVISORS
                + " index="
                + divisors.size()
                + " value="
                + value);
      }
      divisors.add(value);
    }
    return divisors;
  }
}
