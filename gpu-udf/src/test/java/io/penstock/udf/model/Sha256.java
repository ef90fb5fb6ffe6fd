package io.penstock.udf.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes of dequantised tensors, as the goldens give them. */
final class Sha256 {
  private static final int ROWS = 100;

  private Sha256() {}

  /** Of a tensor's values as little-endian float32, read some rows at a time. */
  static String of(WeightTensor tensor) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    float[] values = new float[ROWS * tensor.cols()];
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < tensor.rows(); row += ROWS) {
      int count = Math.min(ROWS, tensor.rows() - row);
      tensor.readRows(row, count, values, 0);
      bytes.asFloatBuffer().put(values, 0, count * tensor.cols());
      digest.update(bytes.slice(0, 4 * count * tensor.cols()));
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
