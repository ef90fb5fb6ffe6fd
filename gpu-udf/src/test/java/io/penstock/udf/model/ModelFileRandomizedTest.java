package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged headers: a model loads, with tensors that can be read, or fails with a {@link
 * ModelFileException}; nothing else, and soon. replay with {@code -Dpenstock.seed=}; more with
 * {@code -Dpenstock.mutations=}.
 */
class ModelFileRandomizedTest {
  private static final int MUTATIONS = Integer.getInteger("penstock.mutations", 500);
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final List<Long> NASTY =
      List.of(
          0L,
          1L,
          -1L,
          31L,
          0x7fffffffL,
          0x80000000L,
          0xffffffffL,
          1L << 32,
          1L << 60,
          1L << 62,
          Long.MIN_VALUE,
          Long.MAX_VALUE);

  @TempDir Path directory;
  private final long seed = Long.getLong("penstock.seed", 20_261_124L);
  private final Random random = new Random(seed);

  @Test
  void ggufHeaders() throws IOException {
    GgufBytes gguf = GgufBytes.tinyLlama().string("tokenizer.ggml.model", "gpt2");
    gguf.string("tokenizer.ggml.pre", "gpt-2");
    gguf.strings("tokenizer.ggml.tokens", List.of("a", "b", "ab", "c", "d", "e"));
    gguf.integers("tokenizer.ggml.token_type", List.of(1, 1, 1, 1, 1, 3));
    gguf.strings("tokenizer.ggml.merges", List.of("a b"));
    byte[] whole = gguf.bytes();
    int headerBytes = headerBytes(whole);
    Path path = directory.resolve("model.gguf");
    mutate(path, path, whole, headerBytes);
  }

  @Test
  void safetensorsHeaders() throws IOException {
    SafetensorsBytes model = SafetensorsBytes.tinyLlama();
    model.write(directory);
    byte[] whole = model.bytes();
    mutate(
        directory, directory.resolve("model.safetensors"), whole, whole.length - model.dataBytes());
  }

  @Test
  void configurations() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    byte[] whole = Files.readAllBytes(directory.resolve("config.json"));
    mutate(directory, directory.resolve("config.json"), whole, whole.length);
  }

  private void mutate(Path model, Path file, byte[] whole, int headerBytes) throws IOException {
    int opened = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = mutated(whole, headerBytes);
      Files.write(file, mutated);
      boolean[] opens = new boolean[1];
      Assertions.assertTimeoutPreemptively(
          LIMIT,
          () ->
              assertThatCode(() -> opens[0] = opensAndReads(model))
                  .satisfiesAnyOf(
                      thrown -> assertThat(thrown).isNull(),
                      thrown -> assertThat(thrown).isInstanceOf(ModelFileException.class)),
          () -> "replay with -Dpenstock.seed=" + seed);
      opened += opens[0] ? 1 : 0;
    }
    assertThat(openFiles()).as("seed=%s", seed).noneMatch(open -> open.startsWith(directory));
    // Both outcomes occur, or the mutations are too weak or too strong to say anything.
    assertThat(opened).as("seed=%s", seed).isBetween(1, MUTATIONS - 1);
  }

  private static boolean opensAndReads(Path path) throws IOException {
    try (Model model = Models.open(path)) {
      for (String name :
          List.of(
              "model.embed_tokens.weight",
              "model.layers.0.self_attn.q_proj.weight",
              "model.layers.0.mlp.down_proj.weight")) {
        WeightTensor tensor = model.weights().tensor(name);
        float[] row = new float[tensor.cols()];
        tensor.readRows(tensor.rows() - 1, 1, row, 0);
      }
      if (model.hasTokenizer()) {
        model.openTokenizer().ifPresent(Tokenizer::close);
      }
      return true;
    }
  }

  /** What this process has open, where the system tells. */
  private static List<Path> openFiles() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    List<Path> open = new ArrayList<>();
    if (Files.isDirectory(descriptors)) {
      try (Stream<Path> listed = Files.list(descriptors)) {
        for (Path descriptor : (Iterable<Path>) listed::iterator) {
          if (Files.isSymbolicLink(descriptor)) {
            open.add(Files.readSymbolicLink(descriptor));
          }
        }
      }
    }
    return open;
  }

  private byte[] mutated(byte[] whole, int headerBytes) {
    byte[] bytes = whole.clone();
    for (int change = random.nextInt(3); change >= 0; change--) {
      int at = random.nextInt(headerBytes);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> put(bytes, at, NASTY.get(random.nextInt(NASTY.size())), 8);
        case 3 -> put(bytes, at, NASTY.get(random.nextInt(NASTY.size())), 4);
        default -> {
          int from = random.nextInt(headerBytes);
          int length = Math.min(random.nextInt(16), headerBytes - Math.max(at, from));
          System.arraycopy(whole, from, bytes, at, length);
        }
      }
    }
    return random.nextInt(20) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private static void put(byte[] bytes, int at, long value, int length) {
    byte[] little = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    System.arraycopy(little, 0, bytes, at, Math.min(length, bytes.length - at));
  }

  /** Where the data starts: behind the last entry of the tensor table. */
  private static int headerBytes(byte[] gguf) {
    byte[] last = "blk.0.ffn_down.weight".getBytes(StandardCharsets.US_ASCII);
    for (int at = 0; ; at++) {
      if (Arrays.equals(gguf, at, at + last.length, last, 0, last.length)) {
        return at + last.length + 4 + 16 + 4 + 8;
      }
    }
  }
}
