package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.kv.KvLayout;

/** What the reference backend keeps: float32 arrays on the heap. Freed by the garbage collector. */
final class ReferenceMemory {
  private ReferenceMemory() {}

  /** Row-major values. */
  record HeapMatrix(int rows, int cols, float[] values) implements Backend.Matrix {
    HeapMatrix(int rows, int cols) {
      this(rows, cols, new float[Math.multiplyExact(rows, cols)]);
    }

    @Override
    public void close() {}
  }

  /** A product's weights transposed, {@code inFeatures × outFeatures}, and its bias or null. */
  record HeapLinear(int inFeatures, int outFeatures, float[] transposed, float[] bias)
      implements Backend.Linear {
    @Override
    public long sizeBytes() {
      return 4L * transposed.length + (bias == null ? 0 : 4L * bias.length);
    }

    @Override
    public void close() {}
  }

  record HeapNorm(float[] values) implements Backend.Norm {
    @Override
    public long sizeBytes() {
      return 4L * values.length;
    }

    @Override
    public void close() {}
  }

  record HeapEmbedding(int cols, float[] values) implements Backend.Embedding {
    @Override
    public long sizeBytes() {
      return 4L * values.length;
    }

    @Override
    public void close() {}
  }

  /** {@code positions × half} cosines and sines. */
  record HeapRope(int half, int positions, float[] cos, float[] sin) implements Backend.RopeTable {
    @Override
    public void close() {}
  }

  /**
   * Pages, made when first written; inside a page {@code token × kvHead × headDim}.
   *
   * @param keys {@code [layer][page]}
   * @param values {@code [layer][page]}
   */
  record HeapKvPool(KvLayout layout, float[][][] keys, float[][][] values)
      implements Backend.KvPool {
    HeapKvPool(KvLayout layout, int pages) {
      this(layout, new float[layout.layers()][pages][], new float[layout.layers()][pages][]);
    }

    /** The page for writing. */
    static float[] written(float[][] pages, int page, KvLayout layout) {
      if (pages[page] == null) {
        pages[page] = new float[KvLayout.PAGE_TOKENS * layout.kvHeads() * layout.headDim()];
      }
      return pages[page];
    }

    @Override
    public void close() {}
  }
}
