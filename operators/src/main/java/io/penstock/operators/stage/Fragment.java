package io.penstock.operators.stage;

/**
 * A piece of a frame, the one type on every edge between head, stages and first token.
 *
 * <pre>
 *   frame = header (headerBytes) · body (bodyBytes), cut into count pieces of at most 1 MiB:
 *   fragment 0 [ header · body… ]  fragment 1 [ …body… ]  …  fragment count-1 [ …body ]
 * </pre>
 *
 * The bytes belong to whoever made the fragment. A consumer reads them before it returns, and calls
 * {@link #release} then or never: a fragment that came over the network keeps its array until
 * released, one from a {@link FrameWriter} (chained operators pass it by reference) is overwritten
 * after the call that handed it over. To keep one, copy it with its serializer.
 */
public final class Fragment {

  /**
   * Most bytes of one fragment. Flink spills records above 5 MiB to disk, and is fastest with
   * records of half a MiB to one.
   */
  public static final int MAX_BYTES = 1 << 20;

  private final long frame;
  private final int index;
  private final int count;
  private final int headerBytes;
  private final int bodyBytes;
  private final int length;
  private byte[] bytes;
  private FragmentPool pool;

  Fragment(
      long frame,
      int index,
      int count,
      int headerBytes,
      int bodyBytes,
      byte[] bytes,
      int length,
      FragmentPool pool) {
    this.frame = frame;
    this.index = index;
    this.count = count;
    this.headerBytes = headerBytes;
    this.bodyBytes = bodyBytes;
    this.bytes = bytes;
    this.length = length;
    this.pool = pool;
  }

  /**
   * @return number of the frame on its edge, from 0, without gaps
   */
  public long frame() {
    return frame;
  }

  /**
   * @return number of this fragment in its frame, from 0
   */
  public int index() {
    return index;
  }

  /**
   * @return fragments of the frame
   */
  public int count() {
    return count;
  }

  /**
   * @return bytes of the whole frame's header
   */
  public int headerBytes() {
    return headerBytes;
  }

  /**
   * @return bytes of the whole frame's body
   */
  public int bodyBytes() {
    return bodyBytes;
  }

  /**
   * @return bytes of this fragment
   */
  public int length() {
    return length;
  }

  /**
   * @return the array whose first {@link #length} bytes are this fragment's; see above for how long
   * @throws IllegalStateException if it was released
   */
  byte[] bytes() {
    if (bytes == null) {
      throw new IllegalStateException("fragment was released: " + this);
    }
    return bytes;
  }

  /** Gives the array back to the pool it came from, if any; the bytes are gone then. */
  void release() {
    if (pool != null) {
      pool.give(bytes);
      bytes = null;
      pool = null;
    }
  }

  @Override
  public String toString() {
    return "fragment[frame="
        + frame
        + " index="
        + index
        + " count="
        + count
        + " headerBytes="
        + headerBytes
        + " bodyBytes="
        + bodyBytes
        + " length="
        + length
        + "]";
  }
}
