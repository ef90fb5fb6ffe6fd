package io.penstock.udf.family;

import io.penstock.udf.model.ChatSource;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Tokenizer;
import io.penstock.udf.model.WeightSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A model with other windows than its own.
 *
 * @param model closed with this
 * @param windows one for each layer
 */
record Windowed(Model model, List<Integer> windows) implements Model {
  @Override
  public ModelConfig config() {
    ModelConfig own = model.config();
    return new ModelConfig(
        own.family(),
        own.name(),
        own.vocabSize(),
        own.hiddenSize(),
        own.intermediateSize(),
        own.layers(),
        own.heads(),
        own.kvHeads(),
        own.headDim(),
        own.contextTokens(),
        own.rmsNormEps(),
        own.rope(),
        own.tiedEmbeddings(),
        own.qkvBias(),
        own.outputBias(),
        own.mlpBias(),
        windows);
  }

  @Override
  public WeightSource weights() {
    return model.weights();
  }

  @Override
  public boolean hasTokenizer() {
    return model.hasTokenizer();
  }

  @Override
  public Optional<Tokenizer> openTokenizer() throws IOException {
    return model.openTokenizer();
  }

  @Override
  public ChatSource chatSource() throws IOException {
    return model.chatSource();
  }

  @Override
  public String identity() {
    return model.identity();
  }

  @Override
  public void close() throws IOException {
    model.close();
  }
}
