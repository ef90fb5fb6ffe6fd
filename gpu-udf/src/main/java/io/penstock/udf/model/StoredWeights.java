package io.penstock.udf.model;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of an opened model, all checked to be there with the shapes that they should have.
 */
final class StoredWeights implements WeightSource {
  private final Path path;
  private final Map<String, WeightTensor> tensors;

  StoredWeights(Path path, Map<String, WeightTensor> tensors) {
    this.path = path;
    this.tensors = Map.copyOf(tensors);
  }

  /** Canonical names of all tensors. */
  Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public WeightTensor tensor(String name) throws ModelFileException {
    WeightTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelFileException("no such tensor in the model: file=" + path + " tensor=" + name);
    }
    return tensor;
  }
}
