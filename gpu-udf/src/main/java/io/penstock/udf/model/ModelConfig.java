package io.penstock.udf.model;

import java.util.List;

/**
 * What a model looks like, whatever file it came from. All values have been checked to be positive
 * and to fit one another by whoever read the file.
 *
 * @param family name of the architecture family: {@code llama}, {@code mistral}, {@code qwen2}
 * @param name for people: the model's file or directory name
 * @param vocabSize tokens in the vocabulary
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the gated MLP
 * @param layers decoder layers
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim dimension of a head, even
 * @param contextTokens longest prompt the model takes, tokens
 * @param rmsNormEps epsilon of the norms
 * @param rope rotary position embedding
 * @param tiedEmbeddings whether the LM head is the embedding matrix
 * @param qkvBias whether q, k and v projections have biases
 * @param outputBias whether the attention's output projection has a bias
 * @param mlpBias whether gate, up and down projections have biases
 * @param windows for each layer how many positions a token sees, its own included, or {@link
 *     #FULL_ATTENTION}; empty if every layer sees all
 */
public record ModelConfig(
    String family,
    String name,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int contextTokens,
    float rmsNormEps,
    RopeConfig rope,
    boolean tiedEmbeddings,
    boolean qkvBias,
    boolean outputBias,
    boolean mlpBias,
    List<Integer> windows) {

  /** The window of a layer that sees all positions. */
  public static final int FULL_ATTENTION = Integer.MAX_VALUE;

  /** Copies the list. */
  public ModelConfig {
    windows = List.copyOf(windows);
  }

  /**
   * @param layer from 0
   * @return how many positions a token sees in that layer, its own included; {@link
   *     #FULL_ATTENTION} for all
   */
  public int window(int layer) {
    return windows.isEmpty() ? FULL_ATTENTION : windows.get(layer);
  }
}
