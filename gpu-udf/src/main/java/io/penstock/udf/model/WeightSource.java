package io.penstock.udf.model;

/**
 * The tensors of a model by their canonical (Hugging Face) names, whatever the file calls them and
 * in whatever order it keeps rows (GGUF's q and k rows come out un-permuted, in rotate-half order).
 */
public interface WeightSource {

  /**
   * @param name canonical name
   * @return whether the model has such a tensor
   */
  boolean has(String name);

  /**
   * @param name canonical name
   * @return the tensor
   * @throws ModelFileException if there is none; names the file and the tensor
   */
  WeightTensor tensor(String name) throws ModelFileException;
}
