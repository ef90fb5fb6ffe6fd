package io.penstock.udf.backend.cpu;

/** {@code out = in · Wᵀ (+ bias)}, tile by tile. Kept from call to call. */
final class ProductOperation implements Parts {
  private final Team team;
  private TiledProduct product;
  private PackedLinear weights;
  private CpuMatrix in;
  private CpuMatrix out;
  private int largeTiles;

  ProductOperation(Team team) {
    this.team = team;
  }

  /**
   * @param newProduct of the weights' shape
   * @param rows rows to do; rows up to the end of the last tile are overwritten, too
   */
  void run(
      TiledProduct newProduct,
      PackedLinear newWeights,
      CpuMatrix newIn,
      int rows,
      CpuMatrix newOut) {
    product = newProduct;
    weights = newWeights;
    in = newIn;
    out = newOut;
    largeTiles = countLargeTiles(rows);
    int rest = Math.max(0, rows - largeTiles * TiledProduct.LARGE_TILE);
    team.run(this, largeTiles + TiledProduct.roundUp(rest) / TiledProduct.TILE);
  }

  /** As many as fill up with rows, one more if most of it would, but none that starves a lane. */
  private int countLargeTiles(int rows) {
    int large = TiledProduct.LARGE_TILE;
    if (!product.largeTiles() || rows < team.lanes() * large) {
      return 0;
    }
    int capacity = Math.min(in.capacityRows(), out.capacityRows());
    int tiles = rows / large;
    boolean another = rows % large > large - TiledProduct.TILE && (tiles + 1) * large <= capacity;
    return another ? tiles + 1 : tiles;
  }

  @Override
  public void run(int part, int lane) {
    boolean large = part < largeTiles;
    int row =
        large
            ? part * TiledProduct.LARGE_TILE
            : largeTiles * TiledProduct.LARGE_TILE + (part - largeTiles) * TiledProduct.TILE;
    product.run(lane, large, in.address(row), weights, out.address(row));
  }
}
