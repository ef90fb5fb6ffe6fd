package io.penstock.udf.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A GGUF file of one of the {@link GgufArchitecture}s. */
final class GgufModel implements Model {
  private final GgufFile file;
  private final ModelConfig config;
  private final StoredWeights weights;
  private final String identity;

  private GgufModel(GgufFile file, ModelConfig config, StoredWeights weights, String identity) {
    this.file = file;
    this.config = config;
    this.weights = weights;
    this.identity = identity;
  }

  static GgufModel open(Path path) throws IOException {
    GgufFile file = GgufFile.open(path);
    try {
      ModelConfig config = GgufConfig.read(file);
      Set<String> asked = new HashSet<>();
      StoredWeights weights =
          new StoredWeights(
              path,
              LlamaTensors.resolveAll(
                  config,
                  expected -> {
                    asked.add(expected.ggufName());
                    return resolve(file, config, expected);
                  }));
      LlamaTensors.refuseOthers(path, config, file.tensors().keySet(), asked, "blk.");
      return new GgufModel(file, config, weights, ModelIdentity.of(List.of(path)));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static WeightTensor resolve(
      GgufFile file, ModelConfig config, LlamaTensors.Expected expected) throws ModelFileException {
    RawTensor raw = file.tensors().get(expected.ggufName());
    if (raw == null) {
      throw new ModelFileException(
          "tensor is missing: file=" + file.path() + " tensor=" + expected.ggufName());
    }
    StoredTensor stored = raw.as(expected);
    boolean permuted = GgufArchitecture.of(config).permuted();
    return permuted && expected.rotary() ? new RotaryRows(stored, config.headDim()) : stored;
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public WeightSource weights() {
    return weights;
  }

  @Override
  public boolean hasTokenizer() {
    return GgufTokenizer.isIn(file.metadata());
  }

  @Override
  public Optional<Tokenizer> openTokenizer() throws IOException {
    return hasTokenizer() ? Optional.of(GgufTokenizer.open(file.metadata())) : Optional.empty();
  }

  @Override
  public ChatSource chatSource() throws IOException {
    return GgufChat.read(file.metadata());
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
