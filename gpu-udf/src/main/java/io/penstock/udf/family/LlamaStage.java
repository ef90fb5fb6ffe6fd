package io.penstock.udf.family;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.Backend.Matrix;
import io.penstock.udf.backend.Backend.Role;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageProgram;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * A stage of a Llama model. All memory is taken when it is made; a batch allocates only its logits.
 *
 * <pre>
 *   embed | load
 *   each layer:  norm ─ q,k,v ─ rope, KV write ─ attention ─ output ─┐
 *                └──────────────── residual ────────────────────────(+)─ norm ─ gate,up ─ silu·up ─ down ─(+)
 *   store | final norm, LM head of last tokens
 * </pre>
 */
final class LlamaStage implements StageProgram {
  private final ModelConfig config;
  private final LayerRange range;
  private final Backend backend;
  private final StageWeights weights;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  private final Backend.KvPool pool;
  private final Backend.RopeTable rope;
  private final Matrix residual;
  private final Matrix normed;
  private final Matrix qkv;
  private final Matrix attended;
  private final Matrix product;
  private final Matrix gateUp;
  private final Matrix activated;

  /**
   * @param config the model
   * @param range layers of the stage
   * @param backend owned from now on
   * @param lease weights, given back when this closes
   * @param kvPages pages of the KV pool
   * @param maxRows most rows of a batch
   * @throws IllegalStateException if there is not enough memory, with the sizes; nothing stays
   *     allocated
   */
  LlamaStage(
      ModelConfig config,
      LayerRange range,
      Backend backend,
      WeightCache.Lease lease,
      int kvPages,
      int maxRows) {
    this.config = config;
    this.range = range;
    this.backend = owned(backend);
    owned(lease);
    this.weights = lease.weights();
    try {
      int headDim = config.headDim();
      int queries = config.heads() * headDim;
      this.pool = owned(backend.kvPool(kvLayout(config, range, backend), kvPages));
      this.rope =
          owned(
              backend.ropeTable(config.rope().inverseFrequencies(headDim), config.contextTokens()));
      this.residual = matrix(Role.RESIDUAL, maxRows, config.hiddenSize());
      this.normed = matrix(Role.OPERAND, maxRows, config.hiddenSize());
      this.qkv = matrix(Role.PRODUCT, maxRows, queries + 2 * config.kvHeads() * headDim);
      this.attended = matrix(Role.OPERAND, maxRows, queries);
      this.product = matrix(Role.PRODUCT, maxRows, config.hiddenSize());
      this.gateUp = matrix(Role.PRODUCT, maxRows, 2 * config.intermediateSize());
      this.activated = matrix(Role.OPERAND, maxRows, config.intermediateSize());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Layout of a stage's KV pool. */
  static KvLayout kvLayout(ModelConfig config, LayerRange range, Backend backend) {
    return new KvLayout(range.size(), config.kvHeads(), config.headDim(), backend.kvElementBytes());
  }

  private Matrix matrix(Role role, int rows, int cols) {
    return owned(backend.matrix(role, rows, cols));
  }

  private <T extends AutoCloseable> T owned(T one) {
    owned.push(one);
    return one;
  }

  @Override
  public float[][] run(ChunkBatch batch, Activations in, Activations out) {
    int rows = batch.rows();
    if (in == null) {
      backend.embed(weights.embedding(), batch.tokenIds(), residual);
    } else {
      backend.load(in, residual);
    }
    boolean lastStage = range.end() == config.layers();
    int[] lastRows = lastStage ? lastRows(batch.segments()) : new int[0];
    Matrix pending = null;
    for (int layer = 0; layer < range.size(); layer++) {
      boolean onlyKeysAndValues = lastStage && lastRows.length == 0 && layer == range.size() - 1;
      if (onlyKeysAndValues) {
        keysAndValues(layer, pending, batch, rows);
        return new float[0][];
      }
      layer(layer, pending, batch, rows);
      pending = product;
    }
    backend.add(residual, pending, rows);
    if (out != null) {
      backend.store(residual, out);
      return new float[0][];
    }
    return backend.logits(residual, lastRows, weights.norm(), config.rmsNormEps(), weights.head());
  }

  private void layer(int layer, Matrix pending, ChunkBatch batch, int rows) {
    StageWeights.Layer w = weights.layers().get(layer);
    keysAndValues(layer, pending, batch, rows);
    backend.attention(qkv, batch.segments(), config.heads(), pool, layer, attended);
    backend.linear(w.output(), attended, rows, product);
    backend.rmsNorm(residual, product, w.mlpNorm(), config.rmsNormEps(), rows, normed);
    backend.linear(w.gateUp(), normed, rows, gateUp);
    backend.gatedActivation(gateUp, rows, activated);
    backend.linear(w.down(), activated, rows, product);
  }

  private void keysAndValues(int layer, Matrix pending, ChunkBatch batch, int rows) {
    StageWeights.Layer w = weights.layers().get(layer);
    backend.rmsNorm(residual, pending, w.attentionNorm(), config.rmsNormEps(), rows, normed);
    backend.linear(w.qkv(), normed, rows, qkv);
    backend.ropeAndStore(qkv, batch.segments(), config.heads(), rope, pool, layer);
  }

  /** Row of the last token of each segment that is its prompt's last. */
  private static int[] lastRows(List<Segment> segments) {
    int[] rows = new int[segments.size()];
    int count = 0;
    int end = 0;
    for (Segment segment : segments) {
      end += segment.tokens();
      if (segment.last()) {
        rows[count++] = end - 1;
      }
    }
    return Arrays.copyOf(rows, count);
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("a stage's memory could not be freed", e);
      }
    }
  }
}
