package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.cpu.ProductShape.Layout;
import io.penstock.udf.kv.KvLayout;

/**
 * Sizes of attention over blocks of keys, the same for every tile of a model: all of it follows
 * from the model's heads, nothing from the batch.
 *
 * <pre>
 *   tile: 64 rows of a prompt (one page's positions) × the query heads of one KV head
 *           keys 0 … blockKeys-1 │ blockKeys … 2·blockKeys-1 │ …  last block: up to the tile's page
 * </pre>
 *
 * @param precision of queries, keys, values and probabilities
 * @param group query heads of a KV head
 * @param headDim dimension of a head
 * @param blockKeys keys of a block, a multiple of the page size
 */
record AttentionShape(CpuPrecision precision, int group, int headDim, int blockKeys) {
  /** Scores of a block: 384 KiB of float32 leave the rest of a 1 MiB cache to keys and values. */
  private static final int BLOCK_SCORES = 96 << 10;

  private static final int MOST_BLOCK_KEYS = 512;

  /** Gaps between rows: scratch, and so that rows do not fall on the same cache sets. */
  private static final int GAP = ValueOrder.GROUP;

  static AttentionShape of(CpuPrecision precision, int heads, int kvHeads, int headDim) {
    int group = heads / kvHeads;
    int page = KvLayout.PAGE_TOKENS;
    int fitting = BLOCK_SCORES / (group * page) / page * page;
    return new AttentionShape(
        precision, group, headDim, Math.max(page, Math.min(MOST_BLOCK_KEYS, fitting)));
  }

  /** Rows of a tile: the group's heads, each with a page of positions. */
  int rows() {
    return group * KvLayout.PAGE_TOKENS;
  }

  /** Elements from one row of scores to the next. */
  int scoreStride() {
    return blockKeys + GAP;
  }

  /** Scores of one block: queries times keys. */
  ProductShape scores(int keys) {
    return new ProductShape(
        precision, rows(), headDim, keys, headDim, scoreStride(), false, Layout.TRANSPOSED);
  }

  /** Output of one block: probabilities, which lie where the scores did, times values. */
  ProductShape outputs(int keys) {
    int sourceStride = scoreStride() * Float.BYTES / precision.bytes();
    return new ProductShape(
        precision, rows(), keys, headDim, sourceStride, headDim, false, Layout.PLAIN);
  }
}
