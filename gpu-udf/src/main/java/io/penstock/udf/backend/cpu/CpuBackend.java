package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.WeightTensor;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fast CPU backend. Residual and products are float32; operands, weights, keys and values are
 * bf16 or float32, as the precision says. Further threads than the caller's belong to the instance
 * and end with it.
 */
final class CpuBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(CpuBackend.class);

  private final CpuPrecision precision;
  private final RowKernels kernels;
  private final Team team;
  private final List<Lane> lanes = new ArrayList<>();
  private final WeightPacker packer;
  private final ProductOperation products;
  private final NormOperation norms;
  private final GateOperation gates;
  private final RopeOperation ropes;
  private final AttentionOperation attention;
  private final HeadOperation heads;
  private final Map<ProductShape, TiledProduct> productsByShape = new HashMap<>();
  private final String description;

  /**
   * @param options precision and threads
   * @param kernels what does the rows between products
   */
  CpuBackend(BackendOptions options, RowKernels kernels) {
    if (options.threads() < 1) {
      throw new IllegalArgumentException(
          "threads=" + options.threads() + " must be at least 1; see --cpu-threads");
    }
    this.precision = CpuPrecision.resolve(options.precision(), OneDnn.hasBf16());
    this.kernels = kernels;
    this.description = describe(options);
    this.team = new Team(options.threads(), "cpu-lane");
    try {
      for (int i = 0; i < options.threads(); i++) {
        lanes.add(new Lane(i));
      }
    } catch (RuntimeException | Error e) {
      lanes.forEach(Lane::close);
      team.close();
      throw e;
    }
    this.packer = new WeightPacker(precision, kernels);
    this.products = new ProductOperation(team);
    this.norms = new NormOperation(team, kernels, precision);
    this.gates = new GateOperation(team, kernels, precision);
    this.ropes = new RopeOperation(team, kernels, precision);
    this.attention = new AttentionOperation(team, lanes, kernels, precision);
    this.heads = new HeadOperation(lanes.get(0), kernels, precision);
    LOG.info("backend: {} (--cpu-precision {})", description, options.precision());
  }

  private String describe(BackendOptions options) {
    ProductShape probe = ProductShape.packed(precision, TiledProduct.TILE, 64, 64, false);
    try (Product product = new Product(probe)) {
      return "cpu "
          + precision.label()
          + ", products "
          + product.implementation()
          + ", rows "
          + kernels.name()
          + ", threads="
          + options.threads();
    }
  }

  @Override
  public String name() {
    return CpuBackendProvider.NAME;
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public ElementType residualType() {
    return ElementType.F32;
  }

  @Override
  public int kvElementBytes() {
    return precision.bytes();
  }

  @Override
  public Matrix matrix(Role role, int rows, int cols) {
    return new CpuMatrix(rows, cols, role == Role.OPERAND ? precision.bytes() : Float.BYTES);
  }

  @Override
  public KvPool kvPool(KvLayout layout, int pages) {
    if (layout.elementBytes() != kvElementBytes()) {
      throw new IllegalArgumentException(
          "KV layout of another precision: elementBytes="
              + layout.elementBytes()
              + " expected="
              + kvElementBytes());
    }
    return new PagedKeysValues(layout, pages);
  }

  @Override
  public RopeTable ropeTable(float[] inverseFrequencies, int positions) {
    return new RopeAngles(inverseFrequencies, positions);
  }

  @Override
  public Linear packLinear(List<WeightTensor> parts, List<WeightTensor> biases) throws IOException {
    return packer.linear(parts, biases);
  }

  @Override
  public Norm packNorm(WeightTensor weight) throws IOException {
    return packer.vector(weight);
  }

  @Override
  public Embedding packEmbedding(WeightTensor weight) throws IOException {
    return packer.embedding(weight);
  }

  @Override
  public void load(Activations in, Matrix residual) {
    CpuMatrix to = activations(in, residual);
    to.bytes().put(0, in.bytes(), 0, in.sizeBytes());
  }

  @Override
  public void store(Matrix residual, Activations out) {
    CpuMatrix from = activations(out, residual);
    out.bytes().put(0, from.bytes(), 0, out.sizeBytes());
  }

  private static CpuMatrix activations(Activations activations, Matrix residual) {
    if (activations.type() != ElementType.F32 || activations.cols() != residual.cols()) {
      throw new IllegalArgumentException(
          "activations do not fit the residual: type="
              + activations.type()
              + " cols="
              + activations.cols()
              + " expectedCols="
              + residual.cols());
    }
    return CpuMatrix.of(residual, activations.rows());
  }

  @Override
  public void embed(Embedding table, int[] tokenIds, Matrix residual) {
    PackedEmbedding embedding = (PackedEmbedding) table;
    CpuMatrix to = CpuMatrix.of(residual, tokenIds.length);
    boolean bf16 = precision == CpuPrecision.BF16;
    for (int row = 0; row < tokenIds.length; row++) {
      int id = tokenIds[row];
      if (id < 0 || id >= embedding.rows().rows()) {
        throw new IllegalArgumentException(
            "token id outside the vocabulary: id=" + id + " vocabulary=" + embedding.rows().rows());
      }
      ByteBuffer from = embedding.rows().view(id);
      int at = embedding.rows().offset(id);
      kernels.widen(from, at, bf16, embedding.cols(), to.bytes(), to.offset(row));
    }
  }

  @Override
  public void rmsNorm(
      Matrix residual, Matrix product, Norm weight, float epsilon, int rows, Matrix out) {
    norms.run(
        CpuMatrix.of(residual, rows),
        product == null ? null : CpuMatrix.of(product, rows),
        (PackedVector) weight,
        epsilon,
        rows,
        CpuMatrix.of(out, rows));
  }

  @Override
  public void add(Matrix residual, Matrix product, int rows) {
    CpuMatrix to = CpuMatrix.of(residual, rows);
    CpuMatrix from = CpuMatrix.of(product, rows);
    kernels.add(to.bytes(), 0, from.bytes(), 0, Math.multiplyExact(rows, to.cols()));
  }

  @Override
  public void linear(Linear weight, Matrix in, int rows, Matrix out) {
    PackedLinear packed = (PackedLinear) weight;
    TiledProduct product = productsByShape.get(packed.shape());
    if (product == null) {
      product = new TiledProduct(packed.shape(), lanes);
      productsByShape.put(packed.shape(), product);
    }
    products.run(product, packed, CpuMatrix.of(in, rows), rows, CpuMatrix.of(out, rows));
  }

  @Override
  public void ropeAndStore(
      Matrix qkv, List<Segment> segments, int heads, RopeTable rope, KvPool pool, int layer) {
    ropes.run((CpuMatrix) qkv, segments, heads, (RopeAngles) rope, (PagedKeysValues) pool, layer);
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
    attention.run(
        (CpuMatrix) qkv, segments, heads, window, (PagedKeysValues) pool, layer, (CpuMatrix) out);
  }

  @Override
  public void gather(Matrix matrix, int[] rows) {
    CpuMatrix own = (CpuMatrix) matrix;
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < i || rows[i] >= own.rows()) {
        throw new IllegalArgumentException(
            "rows must ascend inside the matrix: row=" + rows[i] + " rows=" + own.rows());
      }
      own.bytes().put(own.offset(i), own.bytes(), own.offset(rows[i]), own.offset(1));
    }
  }

  @Override
  public void gatedActivation(Matrix gateUp, int rows, Matrix out) {
    gates.run(CpuMatrix.of(gateUp, rows), rows, CpuMatrix.of(out, rows));
  }

  @Override
  public float[][] logits(Matrix residual, int[] rows, Norm weight, float epsilon, Linear head) {
    return heads.run(
        (CpuMatrix) residual, rows, (PackedVector) weight, epsilon, (PackedLinear) head);
  }

  @Override
  public void close() {
    team.close();
    attention.close();
    heads.close();
    productsByShape.values().forEach(TiledProduct::close);
    lanes.forEach(Lane::close);
  }
}
