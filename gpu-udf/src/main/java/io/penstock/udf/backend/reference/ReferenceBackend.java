package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapEmbedding;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapKvPool;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapLinear;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapMatrix;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapNorm;
import io.penstock.udf.backend.reference.ReferenceMemory.HeapRope;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.WeightTensor;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The oracle: every operation as its definition says, in float32, sums in the order of the index
 * (in float64 where a mean or a dot product of few elements is taken). One row is computed without
 * a look at any other.
 */
final class ReferenceBackend implements Backend {
  /** Rows that share one pass over the weights; no row's result depends on it. */
  private static final int ROWS_AT_ONCE = 16;

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String describe() {
    return "reference f32, plain Java";
  }

  @Override
  public ElementType residualType() {
    return ElementType.F32;
  }

  @Override
  public int kvElementBytes() {
    return Float.BYTES;
  }

  @Override
  public Matrix matrix(Role role, int rows, int cols) {
    return new HeapMatrix(rows, cols);
  }

  @Override
  public KvPool kvPool(KvLayout layout, int pages) {
    return new HeapKvPool(layout, pages);
  }

  @Override
  public RopeTable ropeTable(float[] inverseFrequencies, int positions) {
    int half = inverseFrequencies.length;
    float[] cos = new float[Math.multiplyExact(positions, half)];
    float[] sin = new float[cos.length];
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * inverseFrequencies[i];
        cos[position * half + i] = (float) Math.cos(angle);
        sin[position * half + i] = (float) Math.sin(angle);
      }
    }
    return new HeapRope(half, positions, cos, sin);
  }

  @Override
  public Linear packLinear(List<WeightTensor> parts, List<WeightTensor> biases) throws IOException {
    int in = parts.get(0).cols();
    int out = parts.stream().mapToInt(WeightTensor::rows).sum();
    float[] transposed = new float[Math.multiplyExact(in, out)];
    float[] row = new float[in];
    int column = 0;
    for (WeightTensor part : parts) {
      for (int r = 0; r < part.rows(); r++, column++) {
        part.readRows(r, 1, row, 0);
        for (int k = 0; k < in; k++) {
          transposed[k * out + column] = row[k];
        }
      }
    }
    return new HeapLinear(in, out, transposed, biases.isEmpty() ? null : joined(biases));
  }

  private static float[] joined(List<WeightTensor> vectors) throws IOException {
    float[] all = new float[vectors.stream().mapToInt(WeightTensor::cols).sum()];
    int offset = 0;
    for (WeightTensor vector : vectors) {
      vector.readRows(0, 1, all, offset);
      offset += vector.cols();
    }
    return all;
  }

  @Override
  public Norm packNorm(WeightTensor weight) throws IOException {
    return new HeapNorm(joined(List.of(weight)));
  }

  @Override
  public Embedding packEmbedding(WeightTensor weight) throws IOException {
    float[] values = new float[Math.multiplyExact(weight.rows(), weight.cols())];
    weight.readRows(0, weight.rows(), values, 0);
    return new HeapEmbedding(weight.cols(), values);
  }

  @Override
  public void load(Activations in, Matrix residual) {
    floats(in).get(0, values(residual), 0, in.rows() * in.cols());
  }

  @Override
  public void store(Matrix residual, Activations out) {
    floats(out).put(0, values(residual), 0, out.rows() * out.cols());
  }

  private static FloatBuffer floats(Activations activations) {
    return activations.bytes().asFloatBuffer();
  }

  @Override
  public void embed(Embedding table, int[] tokenIds, Matrix residual) {
    HeapEmbedding from = (HeapEmbedding) table;
    for (int r = 0; r < tokenIds.length; r++) {
      System.arraycopy(
          from.values(), tokenIds[r] * from.cols(), values(residual), r * from.cols(), from.cols());
    }
  }

  @Override
  public void rmsNorm(
      Matrix residual, Matrix product, Norm weight, float epsilon, int rows, Matrix out) {
    if (product != null) {
      add(residual, product, rows);
    }
    int cols = residual.cols();
    for (int r = 0; r < rows; r++) {
      norm(values(residual), r * cols, weight, epsilon, values(out), r * cols, cols);
    }
  }

  private static void norm(
      float[] in, int inOffset, Norm weight, float epsilon, float[] out, int outOffset, int cols) {
    double squares = 0;
    for (int c = 0; c < cols; c++) {
      squares += (double) in[inOffset + c] * in[inOffset + c];
    }
    float scale = (float) (1 / Math.sqrt(squares / cols + epsilon));
    float[] weights = ((HeapNorm) weight).values();
    for (int c = 0; c < cols; c++) {
      out[outOffset + c] = in[inOffset + c] * scale * weights[c];
    }
  }

  @Override
  public void add(Matrix residual, Matrix product, int rows) {
    float[] to = values(residual);
    float[] from = values(product);
    for (int i = 0; i < rows * residual.cols(); i++) {
      to[i] += from[i];
    }
  }

  @Override
  public void linear(Linear weight, Matrix in, int rows, Matrix out) {
    HeapLinear linear = (HeapLinear) weight;
    for (int first = 0; first < rows; first += ROWS_AT_ONCE) {
      int end = Math.min(rows, first + ROWS_AT_ONCE);
      product(linear, values(in), first, end, values(out));
    }
  }

  private static void product(HeapLinear linear, float[] in, int first, int end, float[] out) {
    int k = linear.inFeatures();
    int n = linear.outFeatures();
    Arrays.fill(out, first * n, end * n, 0);
    for (int i = 0; i < k; i++) {
      for (int r = first; r < end; r++) {
        addScaled(in[r * k + i], linear.transposed(), i * n, out, r * n, n);
      }
    }
    if (linear.bias() != null) {
      for (int r = first; r < end; r++) {
        addScaled(1, linear.bias(), 0, out, r * n, n);
      }
    }
  }

  private static void addScaled(
      float scale, float[] from, int fromOffset, float[] to, int toOffset, int count) {
    for (int i = 0; i < count; i++) {
      to[toOffset + i] += scale * from[fromOffset + i];
    }
  }

  @Override
  public void ropeAndStore(
      Matrix qkv, List<Segment> segments, int heads, RopeTable rope, KvPool pool, int layer) {
    HeapKvPool kv = (HeapKvPool) pool;
    int headDim = kv.layout().headDim();
    int kvWidth = kv.layout().kvHeads() * headDim;
    float[] values = values(qkv);
    int row = 0;
    for (Segment segment : segments) {
      for (int i = 0; i < segment.tokens(); i++, row++) {
        int position = segment.prefixTokens() + i;
        int start = row * qkv.cols();
        for (int head = 0; head < heads + kv.layout().kvHeads(); head++) {
          rotate(values, start + head * headDim, position, (HeapRope) rope);
        }
        int page = segment.pageTable()[position / KvLayout.PAGE_TOKENS];
        int inPage = position % KvLayout.PAGE_TOKENS * kvWidth;
        int k = start + heads * headDim;
        float[] keys = HeapKvPool.written(kv.keys()[layer], page, kv.layout());
        float[] vals = HeapKvPool.written(kv.values()[layer], page, kv.layout());
        System.arraycopy(values, k, keys, inPage, kvWidth);
        System.arraycopy(values, k + kvWidth, vals, inPage, kvWidth);
      }
    }
  }

  private static void rotate(float[] values, int offset, int position, HeapRope rope) {
    int half = rope.half();
    for (int i = 0; i < half; i++) {
      float cos = rope.cos()[position * half + i];
      float sin = rope.sin()[position * half + i];
      float a = values[offset + i];
      float b = values[offset + half + i];
      values[offset + i] = a * cos - b * sin;
      values[offset + half + i] = b * cos + a * sin;
    }
  }

  @Override
  public void attention(
      Matrix qkv, List<Segment> segments, int heads, KvPool pool, int layer, Matrix out) {
    HeapKvPool kv = (HeapKvPool) pool;
    ReferenceAttention attention =
        new ReferenceAttention(
            kv.layout(), heads, kv.keys()[layer], kv.values()[layer], values(qkv), qkv.cols());
    int row = 0;
    for (Segment segment : segments) {
      for (int i = 0; i < segment.tokens(); i++, row++) {
        attention.row(
            row, segment.pageTable(), segment.prefixTokens() + i + 1, values(out), out.cols());
      }
    }
  }

  @Override
  public void gather(Matrix matrix, int[] rows) {
    int cols = matrix.cols();
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values(matrix), rows[i] * cols, values(matrix), i * cols, cols);
    }
  }

  @Override
  public void gatedActivation(Matrix gateUp, int rows, Matrix out) {
    int n = gateUp.cols() / 2;
    float[] from = values(gateUp);
    float[] to = values(out);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < n; c++) {
        float gate = from[r * 2 * n + c];
        to[r * n + c] = (float) (gate / (1 + Math.exp(-gate))) * from[r * 2 * n + n + c];
      }
    }
  }

  @Override
  public float[][] logits(Matrix residual, int[] rows, Norm weight, float epsilon, Linear head) {
    float[][] logits = new float[rows.length][head.outFeatures()];
    float[] normed = new float[residual.cols()];
    for (int i = 0; i < rows.length; i++) {
      int cols = residual.cols();
      norm(values(residual), rows[i] * cols, weight, epsilon, normed, 0, cols);
      product((HeapLinear) head, normed, 0, 1, logits[i]);
    }
    return logits;
  }

  private static float[] values(Matrix matrix) {
    return ((HeapMatrix) matrix).values();
  }

  @Override
  public void close() {}
}
