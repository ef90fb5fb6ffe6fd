package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;

/** Weights as oneDNN's kernel for {@link #shape()} wants them, and a float32 bias. */
final class PackedLinear implements Backend.Linear {
  private final ProductShape shape;
  private final NativeBlock weights;
  private final PackedVector bias;

  /**
   * @param shape product of one tile of rows
   * @param weights packed; owned from now on
   * @param bias owned from now on; null for none
   */
  PackedLinear(ProductShape shape, NativeBlock weights, PackedVector bias) {
    this.shape = shape;
    this.weights = weights;
    this.bias = bias;
  }

  ProductShape shape() {
    return shape;
  }

  long weightsAddress() {
    return weights.address();
  }

  /** 0 without a bias. */
  long biasAddress() {
    return bias == null ? 0 : bias.address();
  }

  @Override
  public int inFeatures() {
    return shape.inner();
  }

  @Override
  public int outFeatures() {
    return shape.cols();
  }

  @Override
  public long sizeBytes() {
    return weights.sizeBytes() + (bias == null ? 0 : bias.sizeBytes());
  }

  @Override
  public void close() {
    weights.close();
    if (bias != null) {
      bias.close();
    }
  }
}
