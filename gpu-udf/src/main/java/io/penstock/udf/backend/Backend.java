package io.penstock.udf.backend;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.WeightTensor;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.util.List;

/**
 * Memory and fused operations of one kind of device, each the size of one good kernel. A model
 * family says once, in these terms, what a layer does; a backend says how.
 *
 * <p><b>Threads.</b> One instance belongs to one stage and is called by its worker thread only
 * (opened and closed by whoever owns the stage). It may use more threads inside an operation.
 *
 * <p><b>Memory.</b> Matrices, KV pools and packed weights are allocated outside the Java heap (but
 * for {@code reference}), when the stage opens; operations allocate nothing. Objects of one backend
 * are meaningless to another. Packed weights ({@link Packed}) outlive the instance that made them:
 * they are kept in the process-wide weight cache, may be used by several instances of the same
 * backend and precision at once, and are closed by the cache. Everything else is closed by the
 * program that asked for it.
 *
 * <p><b>Determinism.</b> A row's result depends on that row, the weights, and the keys and values
 * of its own prompt, bit for bit: never on the number of rows, on its place among them, on its
 * neighbours, or on how its prompt was cut. So products run in tiles of a fixed number of rows
 * without splitting K, and attention goes over KV pages in page order.
 */
public interface Backend extends AutoCloseable {

  /** What a matrix is for; the backend chooses the element type. */
  enum Role {
    /** The residual stream, of {@link #residualType()}. */
    RESIDUAL,
    /** What products read: output of norms, attention and gated activation. */
    OPERAND,
    /** What products write. */
    PRODUCT
  }

  /** Memory for {@code rows × cols} values, row-major; contents undefined until written. */
  interface Matrix extends AutoCloseable {
    /**
     * @return rows it can hold
     */
    int rows();

    /**
     * @return columns
     */
    int cols();

    @Override
    void close();
  }

  /** Weights in the form a backend computes with; immutable, shared, closed by the weight cache. */
  interface Packed extends AutoCloseable {
    /**
     * @return bytes of memory it holds
     */
    long sizeBytes();

    @Override
    void close();
  }

  /** A packed matrix product: {@code out = in · Wᵀ (+ bias)}. */
  interface Linear extends Packed {
    /**
     * @return columns of the input
     */
    int inFeatures();

    /**
     * @return columns of the output
     */
    int outFeatures();
  }

  /** A packed vector: norm weights. */
  interface Norm extends Packed {}

  /** The embedding matrix. */
  interface Embedding extends Packed {}

  /** Keys and values of the stage's layers, in pages. */
  interface KvPool extends AutoCloseable {
    @Override
    void close();
  }

  /** Cosines and sines of all positions. */
  interface RopeTable extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * @return name, as {@code --backend} takes it
   */
  String name();

  /**
   * @return for the log and for the weight cache's key: precision, instruction set, threads,
   *     kernels taken
   */
  String describe();

  /**
   * @return type of the residual stream, hence of activations on the wire
   */
  ElementType residualType();

  /**
   * @return bytes of one element of the KV pool
   */
  int kvElementBytes();

  /**
   * @param role what it is for
   * @param rows rows it must hold
   * @param cols columns
   * @return new memory
   */
  Matrix matrix(Role role, int rows, int cols);

  /**
   * @param layout sizes; {@code elementBytes} is {@link #kvElementBytes()}
   * @param pages pages, ids 0 to {@code pages - 1}, the same ids in every layer
   * @return a new pool; fails with the sizes if the memory is not there
   */
  KvPool kvPool(KvLayout layout, int pages);

  /**
   * @param inverseFrequencies see {@link io.penstock.udf.model.RopeConfig#inverseFrequencies}
   * @param positions positions 0 to {@code positions - 1}
   * @return a new table; angles, cosines and sines as float32 computes {@code position * frequency}
   */
  RopeTable ropeTable(float[] inverseFrequencies, int positions);

  /**
   * Packs matrices that read the same input as one product, their outputs side by side (q, k, v;
   * gate, up).
   *
   * @param parts matrices of equal columns
   * @param biases bias vectors of the parts, in the same order; empty if they have none
   * @return the packed product
   * @throws IOException if a tensor cannot be read
   */
  Linear packLinear(List<WeightTensor> parts, List<WeightTensor> biases) throws IOException;

  /**
   * @param weight a vector
   * @return the packed vector
   * @throws IOException if it cannot be read
   */
  Norm packNorm(WeightTensor weight) throws IOException;

  /**
   * @param weight {@code vocabulary × hidden}
   * @return the packed matrix
   * @throws IOException if it cannot be read
   */
  Embedding packEmbedding(WeightTensor weight) throws IOException;

  /** Copies activations of the stage before into the residual. */
  void load(Activations in, Matrix residual);

  /** Copies the first {@code out.rows()} rows of the residual to activations for the next stage. */
  void store(Matrix residual, Activations out);

  /** {@code residual[r] = table[tokenIds[r]]}, r &lt; tokenIds.length. */
  void embed(Embedding table, int[] tokenIds, Matrix residual);

  /**
   * {@code residual += product} where there is one, then {@code out[r] = residual[r] /
   * sqrt(mean(residual[r]²) + epsilon) * weight}; mean and norm in float32.
   *
   * @param residual changed in place if {@code product} is given
   * @param product what the products before wrote, or null
   * @param weight norm weights
   * @param epsilon added to the mean square
   * @param rows rows to do
   * @param out OPERAND
   */
  void rmsNorm(Matrix residual, Matrix product, Norm weight, float epsilon, int rows, Matrix out);

  /** {@code residual += product}, first {@code rows} rows. */
  void add(Matrix residual, Matrix product, int rows);

  /** {@code out = in · Wᵀ (+ bias)}, first {@code rows} rows; in OPERAND, out PRODUCT. */
  void linear(Linear weight, Matrix in, int rows, Matrix out);

  /**
   * Rotates q and k by their positions (rotate-half: element i pairs with i + headDim / 2), leaves
   * q in place, and writes k and v to the pages of their prompts.
   *
   * @param qkv PRODUCT, {@code rows × (heads + 2·kvHeads)·headDim}: q, then k, then v, head after
   *     head
   * @param segments the batch's segments, whose rows follow one another; row i of a segment is
   *     position {@code prefixTokens + i}
   * @param rope angles
   * @param pool where to write
   * @param layer layer of the stage, from 0
   */
  void ropeAndStore(
      Matrix qkv, List<Segment> segments, int heads, RopeTable rope, KvPool pool, int layer);

  /**
   * Causal attention of each row over its own prompt's keys up to and with its own position, and no
   * further back than the window, scaled by {@code 1 / sqrt(headDim)}, softmax in float32. Query
   * head h reads KV head {@code h / (heads / kvHeads)}.
   *
   * @param qkv as {@link #ropeAndStore} left it, or chosen rows of that
   * @param segments the batch's segments; or, after {@link #gather}, one of a single token for each
   *     row, which may be anywhere in a page
   * @param heads query heads
   * @param window how many positions a row sees, its own included, at least 1: row at position p
   *     sees {@code p - window < position <= p}; {@link
   *     io.penstock.udf.model.ModelConfig#FULL_ATTENTION} for all
   * @param pool keys and values, those of this batch already stored
   * @param layer layer of the stage, from 0
   * @param out OPERAND, {@code rows × heads·headDim}
   */
  void attention(
      Matrix qkv,
      List<Segment> segments,
      int heads,
      int window,
      KvPool pool,
      int layer,
      Matrix out);

  /**
   * Moves chosen rows to the front: {@code matrix[i] = matrix[rows[i]]}. The last layer goes on
   * with the rows that someone asks the logits of.
   *
   * @param matrix PRODUCT or RESIDUAL
   * @param rows which rows, ascending
   */
  void gather(Matrix matrix, int[] rows);

  /**
   * {@code out[r][c] = silu(gateUp[r][c]) * gateUp[r][n + c]}, n = half the columns of {@code
   * gateUp}; silu(x) = x / (1 + e⁻ˣ).
   *
   * @param gateUp PRODUCT
   * @param rows rows to do
   * @param out OPERAND, half as wide
   */
  void gatedActivation(Matrix gateUp, int rows, Matrix out);

  /**
   * Final norm and LM head of chosen rows: {@code residual[row]} normed as {@link #rmsNorm} does,
   * times the head.
   *
   * @param residual the last layer's output, all adds done
   * @param rows which rows
   * @param weight final norm
   * @param epsilon of the norm
   * @param head LM head
   * @return one array of {@code head.outFeatures()} float32 logits per row (allocated: it leaves
   *     the stage)
   */
  float[][] logits(Matrix residual, int[] rows, Norm weight, float epsilon, Linear head);

  @Override
  void close();
}
