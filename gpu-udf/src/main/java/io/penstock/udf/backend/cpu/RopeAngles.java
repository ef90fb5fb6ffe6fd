package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import java.nio.ByteBuffer;

/** For each position, the cosines of all pairs and then their sines, float32. */
final class RopeAngles implements Backend.RopeTable {
  private final RowBlocks rows;
  private final int half;

  RopeAngles(float[] inverseFrequencies, int positions) {
    this.half = inverseFrequencies.length;
    this.rows = new RowBlocks(positions, 8 * half, "the rope table of positions=" + positions);
    for (int position = 0; position < positions; position++) {
      ByteBuffer view = rows.view(position);
      int at = rows.offset(position);
      for (int i = 0; i < half; i++) {
        float angle = position * inverseFrequencies[i];
        view.putFloat(at + 4 * i, (float) Math.cos(angle));
        view.putFloat(at + 4 * (half + i), (float) Math.sin(angle));
      }
    }
  }

  int positions() {
    return rows.rows();
  }

  int half() {
    return half;
  }

  RowBlocks rows() {
    return rows;
  }

  @Override
  public void close() {
    rows.close();
  }
}
