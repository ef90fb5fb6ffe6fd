package io.penstock.operators.stage;

import io.penstock.udf.stage.ElementType;

/**
 * Shape of a frame's body: {@code rows × cols}, row-major, little-endian.
 *
 * @param type element type
 * @param rows rows, not negative
 * @param cols elements of a row, not negative
 */
public record BodyShape(ElementType type, int rows, int cols) {

  /** No body. */
  public static final BodyShape NONE = new BodyShape(ElementType.F32, 0, 0);

  /** Checks the sizes. */
  public BodyShape {
    if (rows < 0 || cols < 0 || (long) rows * cols > Integer.MAX_VALUE / type.bytes()) {
      throw new IllegalArgumentException(
          "bad body: type=" + type + " rows=" + rows + " cols=" + cols);
    }
  }

  /**
   * @return bytes of the body
   */
  public int bytes() {
    return rows * cols * type.bytes();
  }
}
