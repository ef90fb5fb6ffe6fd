package io.penstock.udf.backend.cpu;

/** RMS norm of rows, after adding a product to them if there is one. Kept from call to call. */
final class NormOperation implements Parts {
  private final Team team;
  private final RowKernels kernels;
  private final boolean bf16;
  private CpuMatrix residual;
  private CpuMatrix product;
  private PackedVector weight;
  private float epsilon;
  private int rows;
  private CpuMatrix out;

  NormOperation(Team team, RowKernels kernels, CpuPrecision precision) {
    this.team = team;
    this.kernels = kernels;
    this.bf16 = precision == CpuPrecision.BF16;
  }

  /**
   * @param newProduct null for none
   */
  void run(
      CpuMatrix newResidual,
      CpuMatrix newProduct,
      PackedVector newWeight,
      float newEpsilon,
      int newRows,
      CpuMatrix newOut) {
    residual = newResidual;
    product = newProduct;
    weight = newWeight;
    epsilon = newEpsilon;
    rows = newRows;
    out = newOut;
    team.run(this, TiledProduct.roundUp(newRows) / TiledProduct.TILE);
  }

  @Override
  public void run(int part, int lane) {
    int end = Math.min(rows, (part + 1) * TiledProduct.TILE);
    for (int row = part * TiledProduct.TILE; row < end; row++) {
      one(row, out, row);
    }
  }

  /** One row, to any row of the output. */
  private void one(int row, CpuMatrix to, int toRow) {
    kernels.rmsNorm(
        residual.bytes(),
        residual.offset(row),
        product == null ? null : product.bytes(),
        product == null ? 0 : product.offset(row),
        weight.values(),
        epsilon,
        residual.cols(),
        bf16,
        to.bytes(),
        to.offset(toRow));
  }
}
