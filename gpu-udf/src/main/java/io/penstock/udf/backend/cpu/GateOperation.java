package io.penstock.udf.backend.cpu;

/** The gated activation of rows. Kept from call to call. */
final class GateOperation implements Parts {
  private final Team team;
  private final RowKernels kernels;
  private final boolean bf16;
  private CpuMatrix gateUp;
  private int rows;
  private CpuMatrix out;

  GateOperation(Team team, RowKernels kernels, CpuPrecision precision) {
    this.team = team;
    this.kernels = kernels;
    this.bf16 = precision == CpuPrecision.BF16;
  }

  void run(CpuMatrix newGateUp, int newRows, CpuMatrix newOut) {
    gateUp = newGateUp;
    rows = newRows;
    out = newOut;
    team.run(this, TiledProduct.roundUp(newRows) / TiledProduct.TILE);
  }

  @Override
  public void run(int part, int lane) {
    int end = Math.min(rows, (part + 1) * TiledProduct.TILE);
    for (int row = part * TiledProduct.TILE; row < end; row++) {
      kernels.gate(
          gateUp.bytes(), gateUp.offset(row), out.cols(), bf16, out.bytes(), out.offset(row));
    }
  }
}
