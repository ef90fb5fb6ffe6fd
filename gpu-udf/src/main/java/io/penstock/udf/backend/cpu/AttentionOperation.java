package io.penstock.udf.backend.cpu;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Causal attention of a batch, one part for each tile and KV head. Products and scratch are made at
 * the first call with a shape and kept.
 */
final class AttentionOperation implements Parts, AutoCloseable {
  private final Team team;
  private final List<Lane> lanes;
  private final RowKernels kernels;
  private final CpuPrecision precision;
  private final BatchTiles tiles = new BatchTiles();
  private final Map<AttentionShape, List<AttentionKernel>> kernelsByShape = new HashMap<>();
  private final Held held = new Held();
  private List<AttentionKernel> byLane;
  private CpuMatrix qkv;
  private int window;
  private PagedKeysValues pool;
  private int layer;
  private CpuMatrix out;

  AttentionOperation(Team team, List<Lane> lanes, RowKernels kernels, CpuPrecision precision) {
    this.team = team;
    this.lanes = lanes;
    this.kernels = kernels;
    this.precision = precision;
  }

  void run(
      CpuMatrix newQkv,
      List<Segment> segments,
      int heads,
      int newWindow,
      PagedKeysValues newPool,
      int newLayer,
      CpuMatrix newOut) {
    if (newWindow < 1) {
      throw new IllegalArgumentException("a row sees itself at least: window=" + newWindow);
    }
    qkv = newQkv;
    window = newWindow;
    pool = newPool;
    layer = newLayer;
    out = newOut;
    AttentionShape shape = AttentionShape.of(precision, heads, pool.kvHeads(), pool.headDim());
    byLane = kernelsByShape.get(shape);
    if (byLane == null) {
      byLane = open(shape);
      kernelsByShape.put(shape, byLane);
    }
    int rows = tiles.set(segments, pool.pages());
    CpuMatrix.of(qkv, rows);
    CpuMatrix.of(out, rows);
    team.run(this, tiles.count() * pool.kvHeads());
  }

  private List<AttentionKernel> open(AttentionShape shape) {
    List<Product> scores = new ArrayList<>();
    List<Product> outputs = new ArrayList<>();
    for (int keys = KvLayout.PAGE_TOKENS; keys <= shape.blockKeys(); keys += KvLayout.PAGE_TOKENS) {
      scores.add(held.add(new Product(shape.scores(keys))));
      outputs.add(held.add(new Product(shape.outputs(keys))));
    }
    List<AttentionKernel> made = new ArrayList<>();
    for (Lane lane : lanes) {
      made.add(held.add(new AttentionKernel(shape, scores, outputs, lane, kernels)));
    }
    return made;
  }

  /** Later tiles first: they have more keys, and lanes end at about the same time. */
  @Override
  public void run(int part, int lane) {
    int tile = tiles.count() - 1 - part % tiles.count();
    int kvHead = part / tiles.count();
    byLane
        .get(lane)
        .run(
            qkv,
            tiles.firstRow(tile),
            tiles.rows(tile),
            tiles.firstPosition(tile),
            window,
            tiles.pageTable(tile),
            pool,
            layer,
            kvHead,
            out);
  }

  @Override
  public void close() {
    held.close();
  }
}
