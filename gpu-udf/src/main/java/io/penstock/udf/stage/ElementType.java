package io.penstock.udf.stage;

/** Type of the elements of activations, inside a stage's residual and on the wire alike. */
public enum ElementType {
  /** IEEE 754 binary32, little-endian. */
  F32(4),
  /** The upper half of a binary32, little-endian. */
  BF16(2);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * @return bytes of one element
   */
  public int bytes() {
    return bytes;
  }
}
