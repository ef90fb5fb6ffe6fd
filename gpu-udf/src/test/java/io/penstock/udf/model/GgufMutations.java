package io.penstock.udf.model;

import java.util.List;
import java.util.Random;

/** Changes what a GGUF file says where it means something. */
final class GgufMutations {
  private static final List<Integer> INTEGERS =
      List.of(
          0,
          1,
          2,
          3,
          4,
          5,
          7,
          8,
          16,
          31,
          32,
          64,
          4096,
          1 << 20,
          1 << 30,
          -1,
          1 << 31,
          Integer.MAX_VALUE);
  private static final List<Float> FLOATS =
      List.of(
          0f,
          -0f,
          1f,
          -1f,
          Float.MIN_VALUE,
          1e-30f,
          Float.MAX_VALUE,
          Float.NaN,
          Float.POSITIVE_INFINITY);

  private GgufMutations() {}

  /** The same file with one to three changes. */
  static GgufBytes of(GgufBytes gguf, Random random) {
    for (int change = random.nextInt(3); change >= 0; change--) {
      if (random.nextBoolean()) {
        changeKey(gguf, random);
      } else {
        changeTensor(gguf, random);
      }
    }
    return random.nextInt(10) == 0 ? gguf.trailing(random.nextInt(100)) : gguf;
  }

  private static void changeKey(GgufBytes gguf, Random random) {
    String key = pick(gguf.keyNames(), random);
    int number = pick(INTEGERS, random);
    switch (random.nextInt(9)) {
      case 0 -> gguf.without(key);
      case 1 -> gguf.u32(key, number);
      case 2 -> gguf.f32(key, pick(FLOATS, random));
      case 3 -> gguf.string(key, "a".repeat(random.nextInt(1 << random.nextInt(18))));
      case 4 -> gguf.strings(key, List.of("a", "", "a", "<s>"));
      case 5 -> gguf.key(key, random.nextInt(14), new LittleEndianBytes().i64(number).array());
      case 6 ->
          gguf.key(
              key,
              9,
              new LittleEndianBytes().i32(random.nextInt(14)).i64(number).zeros(64).array());
      case 7 -> gguf.alignment(number, 1 << random.nextInt(13));
      default -> gguf.u32(key, random.nextInt(64));
    }
  }

  private static void changeTensor(GgufBytes gguf, Random random) {
    String name = pick(gguf.tensorNames(), random);
    long[] sizes = new long[1 + random.nextInt(5)];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = random.nextInt(8) == 0 ? (long) pick(INTEGERS, random) << random.nextInt(32) : 8;
    }
    byte[] data = new byte[random.nextInt(400)];
    random.nextBytes(data);
    switch (random.nextInt(5)) {
      case 0 -> gguf.without(name);
      case 1 -> gguf.tensor(name, random.nextInt(42), data, sizes);
      case 2 -> gguf.tensor(name, GgufBytes.F32, data, sizes);
      case 3 -> gguf.f32Tensor(name, 1 + random.nextInt(16), 1 + random.nextInt(8));
      default ->
          gguf.f32Tensor(pick(List.of("rope_freqs.weight", "output.weight", "x"), random), 8, 6);
    }
  }

  private static <T> T pick(List<T> all, Random random) {
    return all.get(random.nextInt(all.size()));
  }
}
