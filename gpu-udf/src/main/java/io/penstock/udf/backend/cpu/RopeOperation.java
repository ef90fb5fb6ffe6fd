package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.nio.ByteBuffer;
import java.util.List;

/** Rotates q and k, writes k and v to their pages. Kept from call to call. */
final class RopeOperation implements Parts {
  private final Team team;
  private final RowKernels kernels;
  private final boolean bf16;
  private final BatchTiles tiles = new BatchTiles();
  private CpuMatrix qkv;
  private int heads;
  private RopeAngles rope;
  private PagedKeysValues pool;
  private int layer;

  RopeOperation(Team team, RowKernels kernels, CpuPrecision precision) {
    this.team = team;
    this.kernels = kernels;
    this.bf16 = precision == CpuPrecision.BF16;
  }

  void run(
      CpuMatrix newQkv,
      List<Segment> segments,
      int newHeads,
      RopeAngles newRope,
      PagedKeysValues newPool,
      int newLayer) {
    qkv = newQkv;
    heads = newHeads;
    rope = newRope;
    pool = newPool;
    layer = newLayer;
    CpuMatrix.of(qkv, tiles.set(segments, pool.pages()));
    team.run(this, tiles.count());
  }

  @Override
  public void run(int tile, int lane) {
    int row = tiles.firstRow(tile);
    int rows = tiles.rows(tile);
    int position = tiles.firstPosition(tile);
    if (position % KvLayout.PAGE_TOKENS != 0) {
      throw new IllegalArgumentException("a chunk must begin on a page: position=" + position);
    }
    if (position + rows > rope.positions()) {
      throw new IllegalArgumentException(
          "position beyond the rope table: position="
              + (position + rows - 1)
              + " positions="
              + rope.positions());
    }
    for (int i = 0; i < rows; i++) {
      rotate(row + i, position + i);
    }
    int page = tiles.pageTable(tile)[position / KvLayout.PAGE_TOKENS];
    int kvHeads = pool.kvHeads();
    for (int head = 0; head < kvHeads; head++) {
      store(row, rows, heads + head, pool.view(layer, head, false), page, false);
      store(row, rows, heads + kvHeads + head, pool.view(layer, head, true), page, bf16);
    }
  }

  private void rotate(int row, int position) {
    ByteBuffer angles = rope.rows().view(position);
    int anglesAt = rope.rows().offset(position);
    int headBytes = 8 * rope.half();
    int at = qkv.offset(row);
    for (int head = 0; head < heads + pool.kvHeads(); head++) {
      kernels.rotate(qkv.bytes(), at + head * headBytes, angles, anglesAt, rope.half());
    }
  }

  /**
   * Writes one head's rows to a page. The rest of the page is zeroed: attention multiplies it by
   * zero, which is nothing only if it is finite.
   *
   * @param slots whether rows go to {@link ValueOrder#slot}
   */
  private void store(int row, int rows, int head, ByteBuffer region, int page, boolean slots) {
    int headDim = pool.headDim();
    int at = page * pool.pageBytes();
    for (int i = 0; i < KvLayout.PAGE_TOKENS; i++) {
      int to = at + (slots ? ValueOrder.slot(i) : i) * pool.rowBytes();
      if (i < rows) {
        int from = qkv.offset(row + i) + 4 * head * headDim;
        kernels.narrow(qkv.bytes(), from, headDim, bf16, region, to);
      } else {
        for (int zero = to; zero < to + pool.rowBytes(); zero += 2) {
          region.putShort(zero, (short) 0);
        }
      }
    }
  }
}
