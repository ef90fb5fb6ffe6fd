package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One packed product in tiles of a fixed number of rows, so that a row's result never depends on
 * the rows beside it. Tiles are of {@value #TILE} rows, or of {@value #LARGE_TILE} where that has
 * been proved to give the same bits: every element is a sum in the order of K whatever the tile,
 * but oneDNN is free to cut K differently for another number of rows, so the first product of each
 * shape in a process runs both and compares.
 *
 * <p>Belongs to one backend; each of its lanes runs tiles through a call object of its own.
 */
final class TiledProduct implements AutoCloseable {
  /** Rows of a tile: a KV page's tokens. */
  static final int TILE = 64;

  /** Rows of a large tile: worth 10 to 15 % on Zen 5. */
  static final int LARGE_TILE = 256;

  private static final Logger LOG = LoggerFactory.getLogger(TiledProduct.class);
  private static final Map<ProductShape, Boolean> SAME_BITS = new ConcurrentHashMap<>();

  private final Held held = new Held();
  private final Product small;
  private final Product large;
  private final List<ProductCall> smallCalls = new ArrayList<>();
  private final List<ProductCall> largeCalls = new ArrayList<>();
  private final boolean largeTiles;

  /**
   * @param shape packed, of {@value #TILE} rows
   * @param lanes of the backend
   */
  TiledProduct(ProductShape shape, List<Lane> lanes) {
    try {
      this.small = held.add(new Product(shape));
      this.large = held.add(new Product(shape.withRows(LARGE_TILE), small.weights()));
      for (Lane lane : lanes) {
        smallCalls.add(held.add(new ProductCall(small, lane.stream())));
        largeCalls.add(held.add(new ProductCall(large, lane.stream())));
      }
      this.largeTiles = SAME_BITS.computeIfAbsent(shape, unproved -> prove());
    } catch (RuntimeException | Error e) {
      held.close();
      throw e;
    }
  }

  /** Rows rounded up to whole tiles. */
  static int roundUp(int rows) {
    return Math.multiplyExact((rows + TILE - 1) / TILE, TILE);
  }

  /** Whether large tiles may be used. */
  boolean largeTiles() {
    return largeTiles;
  }

  String implementation() {
    return small.implementation();
  }

  /** Runs one tile; see {@link ProductCall#run}. */
  void run(int lane, boolean largeTile, long source, PackedLinear weights, long result) {
    (largeTile ? largeCalls : smallCalls)
        .get(lane)
        .run(source, weights.weightsAddress(), weights.biasAddress(), result);
  }

  private boolean prove() {
    ProductShape shape = large.shape();
    int elementBytes = shape.precision().bytes();
    long sourceRow = (long) shape.inner() * elementBytes;
    long resultRow = 4L * shape.cols();
    String purpose = "comparing tiles of a product";
    try (NativeBlock source = NativeBlock.allocate(LARGE_TILE * sourceRow, purpose);
        NativeBlock weights =
            NativeBlock.allocate(dnnl_memory_desc_get_size(small.weights()), purpose);
        NativeBlock bias = NativeBlock.allocate(resultRow, purpose);
        NativeBlock inTiles = NativeBlock.allocate(LARGE_TILE * resultRow, purpose);
        NativeBlock atOnce = NativeBlock.allocate(LARGE_TILE * resultRow, purpose)) {
      fill(source, elementBytes);
      fill(weights, elementBytes);
      largeCalls.get(0).run(source.address(), weights.address(), bias.address(), atOnce.address());
      for (int row = 0; row < LARGE_TILE; row += TILE) {
        smallCalls
            .get(0)
            .run(
                source.address() + row * sourceRow,
                weights.address(),
                bias.address(),
                inTiles.address() + row * resultRow);
      }
      boolean same = equal(inTiles, atOnce);
      if (!same) {
        LOG.warn("large tiles give other bits here, small ones are used: shape={}", shape);
      }
      return same;
    }
  }

  /** Random values; the pattern repeats after a prime number of them. */
  private static void fill(NativeBlock block, int elementBytes) {
    Random random = new Random(1);
    float[] pattern = new float[65_537];
    for (int i = 0; i < pattern.length; i++) {
      pattern[i] = (float) random.nextGaussian();
    }
    int step = 1 << 24;
    for (long at = 0; at < block.sizeBytes(); at += step) {
      ByteBuffer bytes = block.view(at, Math.min(step, block.sizeBytes() - at));
      int count = bytes.capacity() / elementBytes;
      for (int i = 0; i < count; i++) {
        ScalarRowKernels.store(elementBytes == 2, bytes, 0, i, pattern[i % pattern.length]);
      }
    }
  }

  private static boolean equal(NativeBlock a, NativeBlock b) {
    int step = 1 << 24;
    for (long at = 0; at < a.sizeBytes(); at += step) {
      long bytes = Math.min(step, a.sizeBytes() - at);
      if (!a.view(at, bytes).equals(b.view(at, bytes))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    held.close();
  }
}
