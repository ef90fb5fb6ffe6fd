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
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * A stage of a Llama model, or of one built as Llama is. All memory is taken when it is made; a
 * batch allocates nothing of its size but its logits.
 *
 * <pre>
 *   embed | load
 *   each layer:  norm ─ q,k,v ─ rope, KV write ─ attention ─ output ─┐
 *                └──────────────── residual ────────────────────────(+)─ norm ─ gate,up ─ silu·up ─ down ─(+)
 *   store | final norm, LM head of last tokens
 * </pre>
 *
 * <p>In the model's last layer only the last tokens of prompts go past the KV write.
 *
 * <p>Made by the thread that opens the stage; then used and closed by the stage's worker.
 */
final class LlamaStage implements StageProgram {
  /** Families that it computes; what sets them apart is in the {@link ModelConfig}. */
  static final Set<String> FAMILIES = Set.of("llama", "mistral", "qwen2");

  private static final float[][] NO_LOGITS = new float[0][];

  private final ModelConfig config;
  private final LayerRange range;
  private final Backend backend;
  private final StageWeights weights;
  private final BatchLimits limits;
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
   * @param backend owned from now on, also if this throws
   * @param lease weights, given back when this closes, also if this throws
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
    this.weights = owned(lease).weights();
    this.limits = BatchLimits.of(config, range, backend.residualType(), maxRows, kvPages);
    try {
      int headDim = config.headDim();
      int queries = config.heads() * headDim;
      this.pool = owned(pool(kvLayout(config, range, backend), kvPages));
      this.rope =
          owned(backend.ropeTable(config.rope().inverseFrequencies(headDim), limits.positions()));
      this.residual = matrix(Role.RESIDUAL, maxRows, config.hiddenSize());
      this.normed = matrix(Role.OPERAND, maxRows, config.hiddenSize());
      this.qkv = matrix(Role.PRODUCT, maxRows, queries + 2 * config.kvHeads() * headDim);
      this.attended = matrix(Role.OPERAND, maxRows, queries);
      this.product = matrix(Role.PRODUCT, maxRows, config.hiddenSize());
      this.gateUp = matrix(Role.PRODUCT, maxRows, 2 * config.intermediateSize());
      this.activated = matrix(Role.OPERAND, maxRows, config.intermediateSize());
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  /** Layout of a stage's KV pool. */
  static KvLayout kvLayout(ModelConfig config, LayerRange range, Backend backend) {
    return new KvLayout(range.size(), config.kvHeads(), config.headDim(), backend.kvElementBytes());
  }

  private Backend.KvPool pool(KvLayout layout, int pages) {
    try {
      return backend.kvPool(layout, pages);
    } catch (IllegalStateException | OutOfMemoryError e) {
      throw new IllegalStateException(
          "no memory for the stage's KV pool: kvBytes=%d kvTokens=%d bytesPerToken=%d layers=%d; lower --max-total-tokens"
              .formatted(
                  layout.poolBytes(pages),
                  (long) pages * KvLayout.PAGE_TOKENS,
                  layout.bytesPerToken(),
                  layout.layers()),
          e);
    }
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
    limits.check(batch, in, out);
    List<Segment> segments = batch.segments();
    int rows = batch.rows();
    if (limits.first()) {
      backend.embed(weights.embedding(), batch.tokenIds(), residual);
    } else {
      backend.load(in, residual);
    }
    for (int layer = 0; layer < range.size(); layer++) {
      keysAndValues(layer, segments, rows);
      if (limits.last() && layer == range.size() - 1) {
        PromptEnds ends = PromptEnds.of(segments);
        if (ends.segments().isEmpty()) {
          return NO_LOGITS;
        }
        backend.gather(residual, ends.rows());
        backend.gather(qkv, ends.rows());
        segments = ends.segments();
        rows = segments.size();
      }
      attentionAndMlp(layer, segments, rows);
    }
    backend.add(residual, product, rows);
    if (limits.last()) {
      return logits(rows);
    }
    backend.store(residual, out);
    return NO_LOGITS;
  }

  private void keysAndValues(int layer, List<Segment> segments, int rows) {
    StageWeights.Layer w = weights.layers().get(layer);
    Matrix pending = layer == 0 ? null : product;
    backend.rmsNorm(residual, pending, w.attentionNorm(), config.rmsNormEps(), rows, normed);
    backend.linear(w.qkv(), normed, rows, qkv);
    backend.ropeAndStore(qkv, segments, config.heads(), rope, pool, layer);
  }

  /** Leaves the MLP's output in {@code product}, not yet added to the residual. */
  private void attentionAndMlp(int layer, List<Segment> segments, int rows) {
    StageWeights.Layer w = weights.layers().get(layer);
    int window = config.window(range.first() + layer);
    backend.attention(qkv, segments, config.heads(), window, pool, layer, attended);
    backend.linear(w.output(), attended, rows, product);
    backend.rmsNorm(residual, product, w.mlpNorm(), config.rmsNormEps(), rows, normed);
    backend.linear(w.gateUp(), normed, rows, gateUp);
    backend.gatedActivation(gateUp, rows, activated);
    backend.linear(w.down(), activated, rows, product);
  }

  private float[][] logits(int count) {
    int[] rows = new int[count];
    for (int row = 0; row < count; row++) {
      rows[row] = row;
    }
    return backend.logits(residual, rows, weights.norm(), config.rmsNormEps(), weights.head());
  }

  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (IllegalStateException e) {
      failure.addSuppressed(e);
    }
  }

  /** Frees all, the newest first, whatever fails on the way. */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("a stage's memory could not be freed");
        }
        failure.addSuppressed(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
