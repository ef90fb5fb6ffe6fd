package io.penstock.udf.family;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.WeightSource;
import io.penstock.udf.model.WeightTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The packed weights of one stage of a Llama model: its own layers, the embedding on the first
 * stage, final norm and LM head on the last. Immutable and shared; closed by the {@link
 * WeightCache}.
 *
 * @param embedding on the first stage, else null
 * @param layers weights of each layer of the stage
 * @param norm final norm on the last stage, else null
 * @param head LM head on the last stage, else null
 */
record StageWeights(
    Backend.Embedding embedding, List<Layer> layers, Backend.Norm norm, Backend.Linear head)
    implements AutoCloseable {

  /**
   * @param attentionNorm norm before attention
   * @param qkv q, k and v projections, outputs side by side
   * @param output projection of the attention's output
   * @param mlpNorm norm before the MLP
   * @param gateUp gate and up projections, outputs side by side
   * @param down projection back to the hidden size
   */
  record Layer(
      Backend.Norm attentionNorm,
      Backend.Linear qkv,
      Backend.Linear output,
      Backend.Norm mlpNorm,
      Backend.Linear gateUp,
      Backend.Linear down) {}

  /**
   * Reads and packs what a stage needs, and nothing else.
   *
   * @throws IOException if a tensor is missing or cannot be read; nothing stays allocated
   */
  static StageWeights pack(
      ModelConfig config, WeightSource source, LayerRange range, Backend backend)
      throws IOException {
    Packer packer = new Packer(config, source, backend);
    try {
      Backend.Embedding embedding = range.first() == 0 ? packer.embedding() : null;
      List<Layer> layers = new ArrayList<>();
      for (int layer = range.first(); layer < range.end(); layer++) {
        layers.add(packer.layer("model.layers." + layer + "."));
      }
      boolean last = range.end() == config.layers();
      Backend.Norm norm = last ? packer.norm("model.norm.weight") : null;
      Backend.Linear head = last ? packer.head() : null;
      return new StageWeights(embedding, List.copyOf(layers), norm, head);
    } catch (IOException | RuntimeException | Error e) {
      packer.packed.forEach(Backend.Packed::close);
      throw e;
    }
  }

  /** Everything packed, in no particular order. */
  private Stream<Backend.Packed> all() {
    Stream<Backend.Packed> ofLayers =
        layers.stream()
            .flatMap(l -> Stream.of(l.attentionNorm, l.qkv, l.output, l.mlpNorm, l.gateUp, l.down));
    return Stream.concat(Stream.of(embedding, norm, head), ofLayers).filter(p -> p != null);
  }

  /** Memory of all weights, bytes. */
  long sizeBytes() {
    return all().mapToLong(Backend.Packed::sizeBytes).sum();
  }

  @Override
  public void close() {
    all().forEach(Backend.Packed::close);
  }

  private static final class Packer {
    private final ModelConfig config;
    private final WeightSource source;
    private final Backend backend;
    private final List<Backend.Packed> packed = new ArrayList<>();

    Packer(ModelConfig config, WeightSource source, Backend backend) {
      this.config = config;
      this.source = source;
      this.backend = backend;
    }

    Backend.Embedding embedding() throws IOException {
      return kept(backend.packEmbedding(source.tensor("model.embed_tokens.weight")));
    }

    Backend.Linear head() throws IOException {
      String name = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
      return kept(backend.packLinear(List.of(source.tensor(name)), List.of()));
    }

    Backend.Norm norm(String name) throws IOException {
      return kept(backend.packNorm(source.tensor(name)));
    }

    Layer layer(String prefix) throws IOException {
      boolean bias = config.qkvBias();
      String attention = prefix + "self_attn.";
      String mlp = prefix + "mlp.";
      return new Layer(
          norm(prefix + "input_layernorm.weight"),
          linear(bias, attention + "q_proj", attention + "k_proj", attention + "v_proj"),
          linear(config.outputBias(), attention + "o_proj"),
          norm(prefix + "post_attention_layernorm.weight"),
          linear(config.mlpBias(), mlp + "gate_proj", mlp + "up_proj"),
          linear(config.mlpBias(), mlp + "down_proj"));
    }

    private Backend.Linear linear(boolean bias, String... names) throws IOException {
      List<WeightTensor> parts = new ArrayList<>();
      List<WeightTensor> biases = new ArrayList<>();
      for (String name : names) {
        parts.add(source.tensor(name + ".weight"));
        if (bias) {
          biases.add(source.tensor(name + ".bias"));
        }
      }
      return kept(backend.packLinear(parts, biases));
    }

    private <T extends Backend.Packed> T kept(T one) {
      packed.add(one);
      return one;
    }
  }
}
