package io.penstock.udf.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Hugging Face directory: {@code config.json}, {@code model.safetensors} or several files listed
 * by {@code model.safetensors.index.json}, and perhaps {@code tokenizer.json}.
 */
final class HuggingFaceModel implements Model {
  private static final String CONFIG = "config.json";
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String TOKENIZER = "tokenizer.json";

  /** What directories hold that were saved by older software; {@link #TOKENIZER} says the same. */
  private static final List<String> OLD_TOKENIZERS = List.of("tokenizer.model", "vocab.json");

  private static final int MAX_TENSORS = 1 << 18;

  private final Path directory;
  private final List<SafetensorsFile> files;
  private final ModelConfig config;
  private final StoredWeights weights;
  private final String identity;

  private HuggingFaceModel(
      Path directory,
      List<SafetensorsFile> files,
      ModelConfig config,
      StoredWeights weights,
      String identity) {
    this.directory = directory;
    this.files = files;
    this.config = config;
    this.weights = weights;
    this.identity = identity;
  }

  static HuggingFaceModel open(Path directory) throws IOException {
    if (!Files.isRegularFile(directory.resolve(CONFIG))) {
      throw new ModelFileException(
          "no config.json in the model directory: path="
              + directory
              + "; a model is a GGUF file, or a directory with config.json and safetensors files");
    }
    Path real = directory.toRealPath();
    ModelConfig config =
        HuggingFaceConfig.read(directory.resolve(CONFIG), String.valueOf(real.getFileName()));
    List<SafetensorsFile> files = new ArrayList<>();
    try {
      Map<String, RawTensor> tensors = tensors(directory, files);
      StoredWeights weights =
          new StoredWeights(
              directory,
              LlamaTensors.resolveAll(config, expected -> resolve(directory, tensors, expected)));
      LlamaTensors.refuseOthers(
          directory, config, tensors.keySet(), weights.names(), "model.layers.");
      List<Path> paths = new ArrayList<>();
      paths.add(directory.resolve(CONFIG));
      if (Files.isRegularFile(directory.resolve(INDEX))) {
        paths.add(directory.resolve(INDEX));
      }
      files.forEach(file -> paths.add(file.path()));
      return new HuggingFaceModel(
          directory, List.copyOf(files), config, weights, ModelIdentity.of(paths));
    } catch (IOException | RuntimeException | Error e) {
      closeAll(files);
      throw e;
    }
  }

  private static WeightTensor resolve(
      Path directory, Map<String, RawTensor> tensors, LlamaTensors.Expected expected)
      throws ModelFileException {
    RawTensor raw = tensors.get(expected.name());
    if (raw == null) {
      throw new ModelFileException(
          "tensor is missing: path=" + directory + " tensor=" + expected.name());
    }
    return raw.as(expected);
  }

  /** Opens the weight files, adding each to {@code files} as soon as it is open. */
  private static Map<String, RawTensor> tensors(Path directory, List<SafetensorsFile> files)
      throws IOException {
    if (Files.isRegularFile(directory.resolve(SINGLE))) {
      files.add(SafetensorsFile.open(directory.resolve(SINGLE)));
      return files.get(0).tensors();
    }
    Path index = directory.resolve(INDEX);
    if (!Files.isRegularFile(index)) {
      throw new ModelFileException(
          "no weights in the model directory: path="
              + directory
              + "; looked for "
              + SINGLE
              + " and "
              + INDEX);
    }
    Map<String, SafetensorsFile> byName = new LinkedHashMap<>();
    Map<String, RawTensor> tensors = new LinkedHashMap<>();
    long inFiles = 0;
    for (Map.Entry<String, String> entry : SafetensorsIndex.read(index).entrySet()) {
      SafetensorsFile file = byName.get(entry.getValue());
      if (file == null) {
        file = SafetensorsFile.open(directory.resolve(entry.getValue()));
        files.add(file);
        byName.put(entry.getValue(), file);
        inFiles += file.tensors().size();
        if (inFiles > MAX_TENSORS) {
          throw new ModelFileException(
              "too many tensors in all files: path=" + directory + " limit=" + MAX_TENSORS);
        }
      }
      RawTensor tensor = file.tensors().get(entry.getKey());
      if (tensor == null) {
        throw new ModelFileException(
            "tensor is not in the file that the index names: file="
                + file.path()
                + " tensor="
                + entry.getKey()
                + " index="
                + index);
      }
      tensors.put(entry.getKey(), tensor);
    }
    return tensors;
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
    return has(TOKENIZER) || OLD_TOKENIZERS.stream().anyMatch(this::has);
  }

  @Override
  public Optional<Tokenizer> openTokenizer() throws IOException {
    if (has(TOKENIZER)) {
      return Optional.of(DjlTokenizer.open(directory.resolve(TOKENIZER)));
    }
    Optional<String> old = OLD_TOKENIZERS.stream().filter(this::has).findFirst();
    if (old.isPresent()) {
      throw new ModelFileException(
          "tokenizer.json is missing: path="
              + directory
              + " there="
              + old.get()
              + "; write it with transformers: AutoTokenizer.from_pretrained(DIRECTORY)"
              + ".save_pretrained(DIRECTORY); prompts of token ids work without one");
    }
    return Optional.empty();
  }

  private boolean has(String file) {
    return Files.isRegularFile(directory.resolve(file));
  }

  @Override
  public ChatSource chatSource() throws IOException {
    return HuggingFaceChat.read(directory);
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public void close() throws IOException {
    closeAll(files);
  }

  private static void closeAll(List<SafetensorsFile> files) throws IOException {
    IOException failure = null;
    for (SafetensorsFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
