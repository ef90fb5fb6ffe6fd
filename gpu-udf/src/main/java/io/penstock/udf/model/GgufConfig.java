package io.penstock.udf.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a {@link ModelConfig} from the metadata of a GGUF file of one of the {@link
 * GgufArchitecture}s. What would change the answer and is not computed here is refused by name.
 */
final class GgufConfig {
  private static final String ARCHITECTURE = "general.architecture";
  private static final String ROPE_DIVISORS = "rope_freqs.weight";

  /** Factors that other architectures have and that change every answer. */
  private static final List<String> SCALES =
      List.of("attention.scale", "residual_scale", "embedding_scale", "logit_scale");

  private final GgufFile file;
  private final GgufMetadata keys;
  private final GgufArchitecture architecture;

  private GgufConfig(GgufFile file, GgufArchitecture architecture) {
    this.file = file;
    this.keys = file.metadata();
    this.architecture = architecture;
  }

  static ModelConfig read(GgufFile file) throws IOException {
    GgufMetadata keys = file.metadata();
    String name =
        keys.string(ARCHITECTURE)
            .orElseThrow(() -> keys.refused(ARCHITECTURE, "the key is missing"));
    GgufArchitecture architecture =
        GgufArchitecture.named(name)
            .orElseThrow(
                () ->
                    keys.refused(
                        ARCHITECTURE,
                        "architecture is not read yet: value="
                            + name
                            + "; architectures read: "
                            + GgufArchitecture.names()));
    return new GgufConfig(file, architecture).config();
  }

  /** A key of the architecture. */
  private String key(String name) {
    return architecture.ggufName() + "." + name;
  }

  private int required(String name) throws ModelFileException {
    return keys.requiredInteger(key(name));
  }

  private ModelConfig config() throws IOException {
    refuseWhatIsNotComputed();
    int hidden = required("embedding_length");
    int heads = required("attention.head_count");
    int headDim = headDim(hidden, heads);
    String epsilon = key("attention.layer_norm_rms_epsilon");
    ModelConfig config =
        new ModelConfig(
            architecture.ggufName(),
            String.valueOf(file.path().getFileName()),
            vocabSize(file),
            hidden,
            required("feed_forward_length"),
            required("block_count"),
            heads,
            keys.integer(key("attention.head_count_kv")).orElse(heads),
            headDim,
            required("context_length"),
            keys.number(epsilon)
                .orElseThrow(() -> keys.refused(epsilon, "the key is missing"))
                .floatValue(),
            new RopeConfig(
                keys.number(key("rope.freq_base")).orElse(10000.0),
                Optional.empty(),
                ropeDivisors(file, headDim)),
            !file.tensors().containsKey("output.weight"),
            architecture == GgufArchitecture.QWEN2 || biases(file, "attn_q", "attn_k", "attn_v"),
            biases(file, "attn_output"),
            biases(file, "ffn_gate", "ffn_up", "ffn_down"),
            List.of());
    return ConfigCheck.check(file.path(), config);
  }

  private void refuseWhatIsNotComputed() throws ModelFileException {
    if (keys.integer("split.count").orElse(1) > 1) {
      throw keys.refused(
          "split.count",
          "models in several GGUF files are not read: value="
              + keys.integer("split.count").get()
              + "; merge them with llama-gguf-split --merge");
    }
    String experts = key("expert_count");
    if (keys.integer(experts).orElse(0) != 0) {
      throw keys.refused(
          experts, "mixtures of experts are not read yet: value=" + keys.integer(experts).get());
    }
    refuseScaling();
    for (String scale : SCALES) {
      if (keys.has(key(scale))) {
        throw keys.refused(key(scale), "not computed for this architecture");
      }
    }
    if (!keys.bool(key("attention.causal")).orElse(true)) {
      throw keys.refused(key("attention.causal"), "only causal attention is computed");
    }
    refuseWindow();
  }

  /** Converters write none for these architectures, and llama.cpp would not heed it. */
  private void refuseWindow() throws ModelFileException {
    String window = key("attention.sliding_window");
    int tokens = keys.integer(window).orElse(0);
    if (tokens != 0 && tokens < required("context_length")) {
      throw keys.refused(window, "sliding windows are not read from GGUF files: value=" + tokens);
    }
  }

  /** As llama.cpp has it: without a type a factor means linear scaling; 0 and 1 mean none. */
  private void refuseScaling() throws ModelFileException {
    String type = keys.string(key("rope.scaling.type")).orElse("linear");
    if (type.equals("none")) {
      return;
    }
    if (!type.equals("linear")) {
      throw keys.refused(key("rope.scaling.type"), "rope scaling is not read yet: value=" + type);
    }
    for (String key : List.of(key("rope.scaling.factor"), key("rope.scale_linear"))) {
      double factor = keys.number(key).orElse(1.0);
      if (factor != 0 && factor != 1) {
        throw keys.refused(key, "linear rope scaling is not read yet: value=" + factor);
      }
    }
  }

  private int headDim(int hidden, int heads) throws ModelFileException {
    Optional<Integer> keyLength = keys.integer(key("attention.key_length"));
    if (keyLength.isEmpty() && (heads < 1 || hidden % heads != 0)) {
      throw keys.refused(
          key("attention.head_count"),
          "hidden size is no multiple of heads: hiddenSize=" + hidden + " heads=" + heads);
    }
    int headDim = keyLength.orElseGet(() -> hidden / heads);
    requireEqual(key("attention.value_length"), headDim);
    requireEqual(key("rope.dimension_count"), headDim);
    return headDim;
  }

  private void requireEqual(String key, int headDim) throws ModelFileException {
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
