package io.penstock.udf.backend.reference;

import static io.penstock.udf.backend.reference.ReferenceMemory.own;

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
import java.util.List;

/**
 * The oracle: every operation as its definition says, in plain Java on the heap. Values are
 * float32; products are float32 sums, means and attention float64 sums, each in the order of the
 * index. A row is computed without a look at any other. Shapes, ids and the life of memory are
 * checked.
 */
final class ReferenceBackend implements Backend {
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
    return new HeapRope(inverseFrequencies, positions);
  }

  @Override
  public Linear packLinear(List<WeightTensor> parts, List<WeightTensor> biases) throws IOException {
    int in = parts.get(0).cols();
    int out = parts.stream().mapToInt(WeightTensor::rows).sum();
    float[] transposed = new float[Math.multiplyExact(in, out)];
    float[] row = new float[in];
    int column = 0;
    for (WeightTensor part : parts) {
      check(part.cols() == in, "parts differ in columns: tensor=" + part.name());
      for (int r = 0; r < part.rows(); r++, column++) {
        part.readRows(r, 1, row, 0);
        for (int k = 0; k < in; k++) {
          transposed[k * out + column] = row[k];
        }
      }
    }
    float[] bias = biases.isEmpty() ? null : joined(biases);
    check(bias == null || bias.length == out, "biases do not fit: outFeatures=" + out);
    return new HeapLinear(in, out, transposed, bias);
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
    float[] to = values("residual", residual, in.rows(), in.cols());
    check(in.type() == residualType(), "activations are not float32: type=" + in.type());
    in.bytes().asFloatBuffer().get(0, to, 0, in.rows() * in.cols());
  }

  @Override
  public void store(Matrix residual, Activations out) {
    float[] from = values("residual", residual, out.rows(), out.cols());
    check(out.type() == residualType(), "activations are not float32: type=" + out.type());
    out.bytes().asFloatBuffer().put(0, from, 0, out.rows() * out.cols());
  }

  @Override
  public void embed(Embedding table, int[] tokenIds, Matrix residual) {
    HeapEmbedding from = own(HeapEmbedding.class, table);
    float[] to = values("residual", residual, tokenIds.length, from.cols());
    for (int r = 0; r < tokenIds.length; r++) {
      from.copy(tokenIds[r], to, r * from.cols());
    }
  }

  @Override
  public void rmsNorm(
      Matrix residual, Matrix product, Norm weight, float epsilon, int rows, Matrix out) {
    if (product != null) {
      add(residual, product, rows);
    }
    int cols = residual.cols();
    float[] from = values("residual", residual, rows, cols);
    float[] to = values("out", out, rows, cols);
    for (int r = 0; r < rows; r++) {
      norm(from, r * cols, weight, epsilon, to, r * cols, cols);
    }
  }

  private static void norm(
      float[] in, int inOffset, Norm weight, float epsilon, float[] out, int outOffset, int cols) {
    double squares = 0;
    for (int c = 0; c < cols; c++) {
      squares += (double) in[inOffset + c] * in[inOffset + c];
    }
    float scale = (float) (1 / Math.sqrt(squares / cols + epsilon));
    float[] weights = own(HeapNorm.class, weight).values(cols);
    for (int c = 0; c < cols; c++) {
      out[outOffset + c] = in[inOffset + c] * scale * weights[c];
    }
  }

  @Override
  public void add(Matrix residual, Matrix product, int rows) {
    float[] to = values("residual", residual, rows, residual.cols());
    float[] from = values("product", product, rows, residual.cols());
    for (int i = 0; i < rows * residual.cols(); i++) {
      to[i] += from[i];
    }
  }

  @Override
  public void linear(Linear weight, Matrix in, int rows, Matrix out) {
    HeapLinear linear = own(HeapLinear.class, weight);
    new ReferenceProduct(linear)
        .multiply(
            values("in", in, rows, linear.inFeatures()),
            rows,
            values("out", out, rows, linear.outFeatures()));
  }

  @Override
  public void ropeAndStore(
      Matrix qkv, List<Segment> segments, int heads, RopeTable rope, KvPool pool, int layer) {
    HeapKvPool kv = own(HeapKvPool.class, pool);
    HeapRope rotation = own(HeapRope.class, rope);
    int headDim = kv.layout().headDim();
    int kvHeads = kv.layout().kvHeads();
    check(2 * rotation.half() == headDim, "rope does not fit: headDim=" + headDim);
    float[] values = values("qkv", qkv, rows(segments), (heads + 2 * kvHeads) * headDim);
    int row = 0;
    for (Segment segment : segments) {
      for (int i = 0; i < segment.tokens(); i++, row++) {
        int position = segment.prefixTokens() + i;
        int start = row * qkv.cols();
        for (int head = 0; head < heads + kvHeads; head++) {
          rotation.rotate(values, start + head * headDim, position);
        }
        float[] keys = HeapKvPool.page(kv.keys(layer), segment.pageTable(), position);
        float[] vals = HeapKvPool.page(kv.values(layer), segment.pageTable(), position);
        int k = start + heads * headDim;
        int width = kvHeads * headDim;
        System.arraycopy(values, k, keys, kv.inPage(position, 0), width);
        System.arraycopy(values, k + width, vals, kv.inPage(position, 0), width);
      }
    }
  }

  @Override
  public void attention(
      Matrix qkv,
      List<Segment> segments,
      int heads,
      int window,
      KvPool pool,
      int layer,
      Matrix out) {
    HeapKvPool kv = own(HeapKvPool.class, pool);
    int headDim = kv.layout().headDim();
    int kvHeads = kv.layout().kvHeads();
    check(heads % kvHeads == 0, "heads=" + heads + " are no multiple of kvHeads=" + kvHeads);
    check(window >= 1, "a row sees itself at least: window=" + window);
    int rows = rows(segments);
    float[] from = values("qkv", qkv, rows, (heads + 2 * kvHeads) * headDim);
    float[] to = values("out", out, rows, heads * headDim);
    ReferenceAttention attention = new ReferenceAttention(kv, layer, heads, from, qkv.cols());
    int row = 0;
    for (Segment segment : segments) {
      for (int i = 0; i < segment.tokens(); i++, row++) {
        int position = segment.prefixTokens() + i;
        int first = Math.max(0, position - window + 1);
        attention.row(row, segment.pageTable(), first, position - first + 1, to);
      }
    }
  }

  private static int rows(List<Segment> segments) {
    return segments.stream().mapToInt(Segment::tokens).sum();
  }

  @Override
  public void gather(Matrix matrix, int[] rows) {
    int cols = matrix.cols();
    for (int i = 0; i < rows.length; i++) {
      check(i == 0 || rows[i] > rows[i - 1], "rows are not ascending: row=" + rows[i]);
      float[] values = values("matrix", matrix, rows[i] + 1, cols);
      System.arraycopy(values, rows[i] * cols, values, i * cols, cols);
    }
  }

  @Override
  public void gatedActivation(Matrix gateUp, int rows, Matrix out) {
    int n = gateUp.cols() / 2;
    float[] from = values("gateUp", gateUp, rows, 2 * n);
    float[] to = values("out", out, rows, n);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < n; c++) {
        float gate = from[r * 2 * n + c];
        to[r * n + c] = (float) (gate / (1 + StrictMath.exp(-gate))) * from[r * 2 * n + n + c];
      }
    }
  }

  @Override
  public float[][] logits(Matrix residual, int[] rows, Norm weight, float epsilon, Linear head) {
    HeapLinear linear = own(HeapLinear.class, head);
    int cols = linear.inFeatures();
    float[][] logits = new float[rows.length][linear.outFeatures()];
    float[] normed = new float[cols];
    for (int i = 0; i < rows.length; i++) {
      float[] from = values("residual", residual, rows[i] + 1, cols);
      norm(from, rows[i] * cols, weight, epsilon, normed, 0, cols);
      new ReferenceProduct(linear).multiply(normed, 1, logits[i]);
    }
    return logits;
  }

  private static float[] values(String what, Matrix matrix, int rows, int cols) {
    return own(HeapMatrix.class, matrix).values(what, rows, cols);
  }

  private static void check(boolean right, String otherwise) {
    if (!right) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  @Override
  public void close() {}
}
