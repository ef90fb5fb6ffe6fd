package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import java.util.Locale;

/** Type of what products read: operands, weights, keys and values. Products write float32. */
enum CpuPrecision {
  BF16(2, dnnl_bf16),
  F32(4, dnnl_f32);

  private final int bytes;
  private final int oneDnnType;

  CpuPrecision(int bytes, int oneDnnType) {
    this.bytes = bytes;
    this.oneDnnType = oneDnnType;
  }

  /**
   * @param asked {@code auto}, {@code bf16} or {@code f32}
   * @param machineHasBf16 whether the machine multiplies bf16 in hardware
   * @return what to compute in
   * @throws IllegalArgumentException if it is none of the three
   * @throws IllegalStateException if the machine lacks what was asked for
   */
  static CpuPrecision resolve(String asked, boolean machineHasBf16) {
    return switch (asked) {
      case "auto" -> machineHasBf16 ? BF16 : F32;
      case "f32" -> F32;
      case "bf16" -> {
        if (!machineHasBf16) {
          throw new IllegalStateException(
              "this machine has no bf16 instructions (AVX512_BF16 or AMX): precision=bf16;"
                  + " use --cpu-precision auto or f32");
        }
        yield BF16;
      }
      default ->
          throw new IllegalArgumentException(
              "unknown precision=" + asked + "; --cpu-precision takes auto, bf16 or f32");
    };
  }

  int bytes() {
    return bytes;
  }

  int oneDnnType() {
    return oneDnnType;
  }

  /** As {@code --cpu-precision} takes it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
