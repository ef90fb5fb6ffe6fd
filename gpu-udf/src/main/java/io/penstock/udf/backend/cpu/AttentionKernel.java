package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One lane's attention: the products for each number of pages in a block, and scratch memory for
 * one tile. One thread at a time.
 *
 * <p>Blocks of keys follow one another, in the order of positions, from the first page that any row
 * of the tile's page could see, and a tile's rows all end on the same page: so a row always meets
 * the same blocks, whatever the chunk plan. What lies outside the window of all of them is not
 * read. Between the two products of a block stands {@link OnlineSoftmax}.
 */
final class AttentionKernel implements AutoCloseable {
  private static final int PAGE = KvLayout.PAGE_TOKENS;

  private final AttentionShape shape;
  private final RowKernels kernels;
  private final boolean bf16;
  private final List<ProductCall> scoreCalls = new ArrayList<>();
  private final List<ProductCall> outputCalls = new ArrayList<>();
  private final NativeBlock[] blocks = new NativeBlock[6];
  private final NativeBlock queries;
  private final NativeBlock scores;
  private final NativeBlock output;
  private final NativeBlock blockOutput;
  private final NativeBlock gatheredKeys;
  private final NativeBlock gatheredValues;
  private final ByteBuffer queryBytes;
  private final OnlineSoftmax softmax;
  private final ByteBuffer outputBytes;
  private final ByteBuffer blockOutputBytes;
  private final ByteBuffer gatheredKeyBytes;
  private final ByteBuffer gatheredValueBytes;
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
    this.output = scratch(2, rows * shape.headDim() * 4);
    this.blockOutput = scratch(3, rows * shape.headDim() * 4);
    this.gatheredKeys = scratch(4, gathered);
    this.gatheredValues = scratch(5, gathered);
    this.queryBytes = queries.view();
    this.outputBytes = output.view();
    this.blockOutputBytes = blockOutput.view();
    this.gatheredKeyBytes = gatheredKeys.view();
    this.gatheredValueBytes = gatheredValues.view();
    this.softmax = new OnlineSoftmax(shape, kernels, scores.view());
    this.scoreScale = (float) (1.0 / Math.sqrt(shape.headDim())) * Exponential.LOG2_E;
  }

  private NativeBlock scratch(int index, long bytes) {
    blocks[index] = NativeBlock.allocate(bytes, "attention");
    return blocks[index];
  }

  /**
   * Attends from one tile's rows to the keys in their windows, which end at their own positions.
   *
   * @param qkv rotated queries, float32
   * @param firstRow the tile's first row there and in {@code out}
   * @param rows rows of the tile
   * @param firstPosition position of the first row; all rows are on its page
   * @param window how many positions a row sees, its own included
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
      int window,
      int[] pageTable,
      PagedKeysValues pool,
      int layer,
      int kvHead,
      CpuMatrix out) {
    packQueries(qkv, firstRow, rows, kvHead);
    softmax.begin();
    int ownPage = firstPosition / PAGE;
    int keys = (ownPage + 1) * PAGE;
    int start = Math.max(0, ownPage * PAGE - window + 1) / PAGE * PAGE;
    for (int first = start; first < keys; first += shape.blockKeys()) {
      int count = Math.min(shape.blockKeys(), keys - first);
      long keysAt = locate(pool, layer, kvHead, false, pageTable, first, count);
      long valuesAt = locate(pool, layer, kvHead, true, pageTable, first, count);
      int calls = count / PAGE - 1;
      scoreCalls.get(calls).run(queries.address(), keysAt, 0, scores.address());
      int own = firstPosition - first;
      if (!softmax.run(rows, count, own, window)) {
        scoreCalls.get(calls).run(queries.address(), keysAt, 0, scores.address());
        softmax.again(rows, count, own, window);
      }
      NativeBlock to = first == start ? output : blockOutput;
      outputCalls.get(calls).run(scores.address(), valuesAt, 0, to.address());
      if (first > start) {
        accumulate(rows);
      }
    }
    finish(rows, firstRow, kvHead, out);
  }

  /** Scaled here, so that scores are exponents of 2. */
  private void packQueries(CpuMatrix qkv, int firstRow, int rows, int kvHead) {
    int headDim = shape.headDim();
    int element = shape.precision().bytes();
    for (int g = 0; g < shape.group(); g++) {
      int headAt = 4 * (kvHead * shape.group() + g) * headDim;
      for (int i = 0; i < rows; i++) {
        int to = (g * PAGE + i) * headDim * element;
        int from = qkv.offset(firstRow + i) + headAt;
        kernels.scale(qkv.bytes(), from, scoreScale, headDim, bf16, queryBytes, to);
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

  private void accumulate(int rows) {
    int headDim = shape.headDim();
    for (int g = 0; g < shape.group(); g++) {
      for (int i = 0; i < rows; i++) {
        int row = g * PAGE + i;
        int at = 4 * row * headDim;
        kernels.scaleAndAdd(outputBytes, at, softmax.factor(row), blockOutputBytes, at, headDim);
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
        float factor = 1f / softmax.sum(row);
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
