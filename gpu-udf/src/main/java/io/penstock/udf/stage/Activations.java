package io.penstock.udf.stage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The residual stream of a batch between two stages: {@code rows × cols}, row-major, in a direct
 * buffer that is kept for the next batch. Owned by one thread at a time; whoever took it from an
 * {@link ActivationsPool} gives it back there.
 */
public final class Activations {
  private final ElementType type;
  private final int cols;
  private final ByteBuffer bytes;
  private int rows;

  /**
   * @param type element type
   * @param maxRows rows it can hold
   * @param cols hidden size
   */
  public Activations(ElementType type, int maxRows, int cols) {
    this.type = type;
    this.cols = cols;
    int capacity = Math.multiplyExact(Math.multiplyExact(maxRows, cols), type.bytes());
    this.bytes = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @param newRows rows from now on; contents are not cleared
   */
  public void resize(int newRows) {
    if (newRows < 0 || (long) newRows * cols * type.bytes() > bytes.capacity()) {
      throw new IllegalArgumentException(
          "rows=" + newRows + " do not fit capacityBytes=" + bytes.capacity() + " cols=" + cols);
    }
    rows = newRows;
  }

  /**
   * @return element type
   */
  public ElementType type() {
    return type;
  }

  /**
   * @return rows now
   */
  public int rows() {
    return rows;
  }

  /**
   * @return hidden size
   */
  public int cols() {
    return cols;
  }

  /**
   * @return bytes of the rows now
   */
  public int sizeBytes() {
    return rows * cols * type.bytes();
  }

  /**
   * @return the memory, little-endian; use absolute access, or a duplicate: position and limit stay
   *     0 and capacity
   */
  public ByteBuffer bytes() {
    return bytes;
  }
}
