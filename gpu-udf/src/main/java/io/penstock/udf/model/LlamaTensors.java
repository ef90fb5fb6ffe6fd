package io.penstock.udf.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors that a model of the families read consists of, which are all built as Llama is:
 * canonical names, GGUF names and shapes.
 */
final class LlamaTensors {

  /**
   * What one tensor must look like.
   *
   * @param name canonical name
   * @param ggufName its name in a GGUF file
   * @param rows rows; 1 for a vector
   * @param cols columns
   * @param rotary whether it makes queries or keys, whose rows GGUF keeps in another order
   */
  record Expected(String name, String ggufName, int rows, int cols, boolean rotary) {}

  /** Takes one tensor, or says what is wrong with it. */
  interface Resolver {
    WeightTensor resolve(Expected expected) throws ModelFileException;
  }

  private LlamaTensors() {}

  /**
   * Asks for every tensor of a model, in order, and stops at the first that fails.
   *
   * @return the tensors by canonical name
   */
  static Map<String, WeightTensor> resolveAll(ModelConfig config, Resolver resolver)
      throws ModelFileException {
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    Sink sink = expected -> tensors.put(expected.name(), resolver.resolve(expected));
    int hidden = config.hiddenSize();
    sink.matrix("model.embed_tokens", "token_embd", config.vocabSize(), hidden);
    sink.vector("model.norm.weight", "output_norm.weight", hidden);
    if (!config.tiedEmbeddings()) {
      sink.matrix("lm_head", "output", config.vocabSize(), hidden);
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      layer(config, "model.layers." + layer + ".", "blk." + layer + ".", sink);
    }
    return tensors;
  }

  /**
   * Refuses tensors of the model's layers that nobody asked for: biases that the configuration does
   * not mention, norms of another architecture. They would change the answer. What lies beyond the
   * layers (multi-token prediction) and stored rotary frequencies do not matter.
   *
   * @param path the model, for the message
   * @param config the model
   * @param inFile names of all tensors, as the file has them
   * @param asked names of those that are used
   * @param layerPrefix what the names of a layer's tensors begin with, before the layer's number
   */
  static void refuseOthers(
      Path path, ModelConfig config, Set<String> inFile, Set<String> asked, String layerPrefix)
      throws ModelFileException {
    Pattern ofLayer = Pattern.compile(Pattern.quote(layerPrefix) + "(\\d{1,6})\\..*");
    for (String name : inFile) {
      Matcher layer = ofLayer.matcher(name);
      boolean matters =
          name.startsWith("rope_factors")
              || (layer.matches()
                  && Integer.parseInt(layer.group(1)) < config.layers()
                  && !name.endsWith(".rotary_emb.inv_freq"));
      if (matters && !asked.contains(name)) {
        throw new ModelFileException(
            "the model has a tensor that its configuration does not call for, and that would change"
                + " the answer: path="
                + path
                + " tensor="
                + name);
      }
    }
  }

  private static void layer(ModelConfig config, String name, String gguf, Sink sink)
      throws ModelFileException {
    int hidden = config.hiddenSize();
    int ffn = config.intermediateSize();
    int q = config.heads() * config.headDim();
    int kv = config.kvHeads() * config.headDim();
    boolean bias = config.qkvBias();
    boolean mlpBias = config.mlpBias();
    sink.vector(name + "input_layernorm.weight", gguf + "attn_norm.weight", hidden);
    sink.linear(name + "self_attn.q_proj", gguf + "attn_q", q, hidden, bias, true);
    sink.linear(name + "self_attn.k_proj", gguf + "attn_k", kv, hidden, bias, true);
    sink.linear(name + "self_attn.v_proj", gguf + "attn_v", kv, hidden, bias, false);
    sink.linear(
        name + "self_attn.o_proj", gguf + "attn_output", hidden, q, config.outputBias(), false);
    sink.vector(name + "post_attention_layernorm.weight", gguf + "ffn_norm.weight", hidden);
    sink.linear(name + "mlp.gate_proj", gguf + "ffn_gate", ffn, hidden, mlpBias, false);
    sink.linear(name + "mlp.up_proj", gguf + "ffn_up", ffn, hidden, mlpBias, false);
    sink.linear(name + "mlp.down_proj", gguf + "ffn_down", hidden, ffn, mlpBias, false);
  }

  private interface Sink {
    void add(Expected expected) throws ModelFileException;

    default void vector(String name, String gguf, int cols) throws ModelFileException {
      add(new Expected(name, gguf, 1, cols, false));
    }

    default void matrix(String name, String gguf, int rows, int cols) throws ModelFileException {
      linear(name, gguf, rows, cols, false, false);
    }

    default void linear(String name, String gguf, int rows, int cols, boolean bias, boolean rotary)
        throws ModelFileException {
      add(new Expected(name + ".weight", gguf + ".weight", rows, cols, rotary));
      if (bias) {
        add(new Expected(name + ".bias", gguf + ".bias", 1, rows, rotary));
      }
    }
  }
}
