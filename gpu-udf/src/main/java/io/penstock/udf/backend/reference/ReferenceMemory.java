package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.kv.KvLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * What the reference backend keeps: float32 arrays on the heap. What was never written is NaN, and
 * what was closed refuses use, so that a mistake of a caller shows.
 */
abstract sealed class ReferenceMemory implements AutoCloseable {
  private boolean closed;

  /** Fails if this was closed. */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("used after it was closed: " + getClass().getSimpleName());
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  /**
   * The backend's own object behind an interface.
   *
   * @throws IllegalArgumentException if it is of another backend or kind
   * @throws IllegalStateException if it was closed
   */
  static <T extends ReferenceMemory> T own(Class<T> type, Object object) {
    if (!type.isInstance(object)) {
      throw new IllegalArgumentException(
          "not of the reference backend: expected=" + type.getSimpleName() + " got=" + object);
    }
    T own = type.cast(object);
    own.checkOpen();
    return own;
  }

  private static float[] nan(int count) {
    float[] values = new float[count];
    Arrays.fill(values, Float.NaN);
    return values;
  }

  /** Row-major values. */
  static final class HeapMatrix extends ReferenceMemory implements Backend.Matrix {
    private final int rows;
    private final int cols;
    private final float[] values;

    HeapMatrix(int rows, int cols) {
      this.rows = rows;
      this.cols = cols;
      this.values = nan(Math.multiplyExact(rows, cols));
    }

    /** The values, after a check of the shape that an operation needs. */
    float[] values(String what, int neededRows, int neededCols) {
      if (neededRows < 0 || neededRows > rows || neededCols != cols) {
        throw new IllegalArgumentException(
            "%s does not fit: rows=%d cols=%d neededRows=%d neededCols=%d"
                .formatted(what, rows, cols, neededRows, neededCols));
      }
      return values;
    }

    @Override
    public int rows() {
      return rows;
    }

    @Override
    public int cols() {
      return cols;
    }
  }

  /** A product's weights transposed, {@code inFeatures × outFeatures}, and its bias or null. */
  static final class HeapLinear extends ReferenceMemory implements Backend.Linear {
    private final int inFeatures;
    private final int outFeatures;
    private final float[] transposed;
    private final float[] bias;

    HeapLinear(int inFeatures, int outFeatures, float[] transposed, float[] bias) {
      this.inFeatures = inFeatures;
      this.outFeatures = outFeatures;
      this.transposed = transposed;
      this.bias = bias;
    }

    float[] transposed() {
      return transposed;
    }

    float[] bias() {
      return bias;
    }

    @Override
    public int inFeatures() {
      return inFeatures;
    }

    @Override
    public int outFeatures() {
      return outFeatures;
    }

    @Override
    public long sizeBytes() {
      return 4L * transposed.length + (bias == null ? 0 : 4L * bias.length);
    }
  }

  /** Norm weights. */
  static final class HeapNorm extends ReferenceMemory implements Backend.Norm {
    private final float[] values;

    HeapNorm(float[] values) {
      this.values = values;
    }

    float[] values(int neededCols) {
      if (values.length != neededCols) {
        throw new IllegalArgumentException(
            "norm weights do not fit: cols=" + values.length + " neededCols=" + neededCols);
      }
      return values;
    }

    @Override
    public long sizeBytes() {
      return 4L * values.length;
    }
  }

  /** {@code vocabulary × cols}. */
  static final class HeapEmbedding extends ReferenceMemory implements Backend.Embedding {
    private final int cols;
    private final float[] values;

    HeapEmbedding(int cols, float[] values) {
      this.cols = cols;
      this.values = values;
    }

    /** Copies one row. */
    void copy(int tokenId, float[] to, int offset) {
      Objects.checkIndex(tokenId, values.length / cols);
      System.arraycopy(values, tokenId * cols, to, offset, cols);
    }

    int cols() {
      return cols;
    }

    @Override
    public long sizeBytes() {
      return 4L * values.length;
    }
  }

  /** {@code positions × half} cosines and sines. */
  static final class HeapRope extends ReferenceMemory implements Backend.RopeTable {
    private final int half;
    private final float[] cos;
    private final float[] sin;

    /** Computes them. */
    HeapRope(float[] inverseFrequencies, int positions) {
      half = inverseFrequencies.length;
      cos = new float[Math.multiplyExact(positions, half)];
      sin = new float[cos.length];
      for (int position = 0; position < positions; position++) {
        for (int i = 0; i < half; i++) {
          float angle = position * inverseFrequencies[i];
          cos[position * half + i] = (float) StrictMath.cos(angle);
          sin[position * half + i] = (float) StrictMath.sin(angle);
        }
      }
    }

    int half() {
      return half;
    }

    /** Rotates one head in place: element i pairs with i + half. */
    void rotate(float[] values, int offset, int position) {
      for (int i = 0; i < half; i++) {
        float c = cos[position * half + i];
        float s = sin[position * half + i];
        float a = values[offset + i];
        float b = values[offset + half + i];
        values[offset + i] = a * c - b * s;
        values[offset + half + i] = b * c + a * s;
      }
    }
  }

  /**
   * Pages of keys and values; inside a page {@code token × kvHead × headDim}.
   *
   * <pre>
   *   keys[layer][page]:  token 0: head 0 | head 1 | …    token 1: head 0 | …    … token 63
   * </pre>
   */
  static final class HeapKvPool extends ReferenceMemory implements Backend.KvPool {
    private final KvLayout layout;
    private final float[][][] keys;
    private final float[][][] values;

    HeapKvPool(KvLayout layout, int pages) {
      this.layout = layout;
      this.keys = new float[layout.layers()][pages][];
      this.values = new float[layout.layers()][pages][];
      int pageElements = KvLayout.PAGE_TOKENS * layout.kvHeads() * layout.headDim();
      for (int layer = 0; layer < layout.layers(); layer++) {
        for (int page = 0; page < pages; page++) {
          keys[layer][page] = nan(pageElements);
          values[layer][page] = nan(pageElements);
        }
      }
    }

    KvLayout layout() {
      return layout;
    }

    float[][] keys(int layer) {
      return keys[layer];
    }

    float[][] values(int layer) {
      return values[layer];
    }

    /** Where in its page the head of a position begins. */
    int inPage(int position, int kvHead) {
      int token = position % KvLayout.PAGE_TOKENS;
      return (token * layout.kvHeads() + kvHead) * layout.headDim();
    }

    /** The page of a position. */
    static float[] page(float[][] pages, int[] pageTable, int position) {
      int page = pageTable[position / KvLayout.PAGE_TOKENS];
      if (page < 0 || page >= pages.length) {
        throw new IllegalArgumentException(
            "no such KV page: page=" + page + " pages=" + pages.length + " position=" + position);
      }
      return pages[page];
    }
  }
}
