package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One lane's attention: the products for each number of pages in a block, and scratch memory for
 * one tile. One thread at a time.
 *
 * <p>Softmax is online, block by block of keys in the order of positions (Milakov and Gimelshein
 * 2018, "Online normalizer calculation for softmax"): with m the largest score so far, l the sum of
 * e^(score - m) and o the so weighted sum of values, a block with larger m' scales l and o by e^(m
 * - m'). Blocks begin at multiples of the block size and a tile's rows all end on the same page, so
 * a row always meets the same blocks, whatever the chunk plan.
 */
final class AttentionKernel implements AutoCloseable {
  private static final int PAGE = KvLayout.PAGE_TOKENS;

  private final AttentionShape shape;
  private final RowKernels kernels;
  private final boolean bf16;
  private final List<ProductCall> scoreCalls = new ArrayList<>();
  private final List<ProductCall> outputCalls = new ArrayList<>();
  private final NativeBlock[] blocks = new NativeBlock[7];
  private final NativeBlock queries;
  private final NativeBlock scores;
  private final NativeBlock probabilities;
  private final NativeBlock output;
  private final NativeBlock blockOutput;
  private final NativeBlock gatheredKeys;
  private final NativeBlock gatheredValues;
  private final ByteBuffer queryBytes;
  private final ByteBuffer scoreBytes;
  private final ByteBuffer probabilityBytes;
  private final ByteBuffer outputBytes;
  private final ByteBuffer blockOutputBytes;
  private final ByteBuffer gatheredKeyBytes;
  private final ByteBuffer gatheredValueBytes;
  private final float[] maxima;
  private final float[] sums;
  private final float[] factors;
  private final float scoreScale;

  AttentionKernel(
      AttentionShape shape,
      List<Product> scoreProducts,
      List<Product> outputProducts,
      Lane lane,
      RowKernels kernels) {
    this.shape = shape;
    this.kernels = kernels;
    this.bf16 = shape.precision() == CpuPrecision.BF16;
    scoreProducts.forEach(product -> scoreCalls.add(new ProductCall(product, lane.stream())));
    outputProducts.forEach(product -> outputCalls.add(new ProductCall(product, lane.stream())));
    long rows = shape.rows();
    long element = shape.precision().bytes();
    long gathered = shape.blockKeys() * (long) shape.headDim() * element;
    this.queries = scratch(0, rows * shape.headDim() * element);
    this.scores = scratch(1, rows * shape.scoreStride() * 4);
    this.probabilities = scratch(2, rows * shape.scoreStride() * element);
    this.output = scratch(3, rows * shape.headDim() * 4);
    this.blockOutput = scratch(4, rows * shape.headDim() * 4);
    this.gatheredKeys = scratch(5, gathered);
    this.gatheredValues = scratch(6, gathered);
    this.queryBytes = queries.view();
    this.scoreBytes = scores.view();
    this.probabilityBytes = probabilities.view();
    this.outputBytes = output.view();
    this.blockOutputBytes = blockOutput.view();
    this.gatheredKeyBytes = gatheredKeys.view();
    this.gatheredValueBytes = gatheredValues.view();
    this.maxima = new float[shape.rows()];
    this.sums = new float[shape.rows()];
    this.factors = new float[shape.rows()];
    this.scoreScale = (float) (1.0 / Math.sqrt(shape.headDim())) * Exponential.LOG2_E;
  }

  private NativeBlock scratch(int index, long bytes) {
    blocks[index] = NativeBlock.allocate(bytes, "attention");
    return blocks[index];
  }

  /**
   * Attends from one tile's rows to all keys up to their own positions.
   *
   * @param qkv rotated queries, float32
   * @param firstRow the tile's first row there and in {@code out}
   * @param rows rows of the tile
   * @param firstPosition position of the first row; all rows are on its page
   * @param pageTable the prompt's pages
   * @param pool keys and values
   * @param layer layer of the stage
   * @param kvHead which KV head
   * @param out receives the group's heads of these rows
   */
  void run(
      CpuMatrix qkv,
      int firstRow,
      int rows,
      int firstPosition,
      int[] pageTable,
      PagedKeysValues pool,
      int layer,
      int kvHead,
      CpuMatrix out) {
    packQueries(qkv, firstRow, rows, kvHead);
    int ownPage = firstPosition / PAGE;
    int keys = (ownPage + 1) * PAGE;
    for (int first = 0; first < keys; first += shape.blockKeys()) {
      int count = Math.min(shape.blockKeys(), keys - first);
      long keysAt = locate(pool, layer, kvHead, false, pageTable, first, count);
      long valuesAt = locate(pool, layer, kvHead, true, pageTable, first, count);
      int calls = count / PAGE - 1;
      scoreCalls.get(calls).run(queries.address(), keysAt, 0, scores.address());
      boolean lastBlock = first + count == keys;
      softmax(rows, count, lastBlock ? firstPosition - first : count, first == 0);
      NativeBlock to = first == 0 ? output : blockOutput;
      outputCalls.get(calls).run(probabilities.address(), valuesAt, 0, to.address());
      if (first > 0) {
        accumulate(rows);
      }
    }
    finish(rows, firstRow, kvHead, out);
  }

  private void packQueries(CpuMatrix qkv, int firstRow, int rows, int kvHead) {
    int headDim = shape.headDim();
    int element = shape.precision().bytes();
    for (int g = 0; g < shape.group(); g++) {
      int headAt = 4 * (kvHead * shape.group() + g) * headDim;
      for (int i = 0; i < rows; i++) {
        int to = (g * PAGE + i) * headDim * element;
        kernels.narrow(
            qkv.bytes(), qkv.offset(firstRow + i) + headAt, headDim, bf16, queryBytes, to);
      }
    }
  }

  /** Address of a block of keys or values: in the pool if its pages follow one another there. */
  private long locate(
      PagedKeysValues pool,
      int layer,
      int kvHead,
      boolean values,
      int[] pageTable,
      int first,
      int count) {
    int index = first / PAGE;
    int pages = count / PAGE;
    int run = 1;
    while (run < pages && pageTable[index + run] == pageTable[index] + run) {
      run++;
    }
    if (run == pages) {
      return pool.address(layer, kvHead, values, pageTable[index]);
    }
    ByteBuffer region = pool.view(layer, kvHead, values);
    ByteBuffer to = values ? gatheredValueBytes : gatheredKeyBytes;
    int bytes = pool.pageBytes();
    for (int page = 0; page < pages; page++) {
      to.put(page * bytes, region, pageTable[index + page] * bytes, bytes);
    }
    return (values ? gatheredValues : gatheredKeys).address();
  }

  /**
   * Turns a block's scores into probabilities.
   *
   * @param keys keys of the block
   * @param seen keys that every row sees; row i sees i + 1 of those after them, if there are any
   * @param firstBlock whether nothing came before
   */
  private void softmax(int rows, int keys, int seen, boolean firstBlock) {
    int element = shape.precision().bytes();
    for (int g = 0; g < shape.group(); g++) {
      for (int i = 0; i < rows; i++) {
        int row = g * PAGE + i;
        int valid = seen == keys ? keys : seen + i + 1;
        int scoresAt = 4 * row * shape.scoreStride();
        float max = kernels.max(scoreBytes, scoresAt, valid) * scoreScale;
        float before = maxima[row];
        float now = firstBlock ? max : Math.max(max, before);
        float sum =
            kernels.exponentials(
                scoreBytes,
                scoresAt,
                scoreScale,
                now,
                valid,
                keys,
                bf16,
                probabilityBytes,
                element * row * shape.scoreStride());
        float factor = firstBlock ? 0f : Exponential.exp2(before - now);
        maxima[row] = now;
        sums[row] = firstBlock ? sum : Math.fma(sums[row], factor, sum);
        factors[row] = factor;
      }
    }
  }

  private void accumulate(int rows) {
    int headDim = shape.headDim();
    for (int g = 0; g < shape.group(); g++) {
      for (int i = 0; i < rows; i++) {
        int row = g * PAGE + i;
        int at = 4 * row * headDim;
        kernels.scaleAndAdd(outputBytes, at, factors[row], blockOutputBytes, at, headDim);
      }
    }
  }

  private void finish(int rows, int firstRow, int kvHead, CpuMatrix out) {
    int headDim = shape.headDim();
    int element = shape.precision().bytes();
    for (int g = 0; g < shape.group(); g++) {
      int headAt = element * (kvHead * shape.group() + g) * headDim;
      for (int i = 0; i < rows; i++) {
        int row = g * PAGE + i;
        int to = out.offset(firstRow + i) + headAt;
        float factor = 1f / sums[row];
        kernels.scale(outputBytes, 4 * row * headDim, factor, headDim, bf16, out.bytes(), to);
      }
    }
  }

  @Override
  public void close() {
    scoreCalls.forEach(ProductCall::close);
    outputCalls.forEach(ProductCall::close);
    for (NativeBlock block : blocks) {
      block.close();
    }
  }
}
