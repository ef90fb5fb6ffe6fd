package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.penstock.udf.family.Stages;
import io.penstock.udf.stage.StageSpec;
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
import java.util.StringJoiner;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged and hostile files: a model loads, with tensors that can be read, a tokenizer and a stage,
 * or fails with a {@link ModelFileException}; nothing else, and soon. Replay with {@code
 * -Dpenstock.seed=}; more with {@code -Dpenstock.mutations=}.
 */
class ModelFileRandomizedTest {
  private static final int MUTATIONS = Integer.getInteger("penstock.mutations", 700);
  private static final Duration LIMIT = Duration.ofSeconds(30);
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
    byte[] whole = gguf().bytes();
    int headerBytes = headerBytes(whole);
    Path path = directory.resolve("model.gguf");
    mutate(path, path, () -> mutated(whole, headerBytes));
  }

  /** Changes that know what they change: values of keys, shapes, types and places of tensors. */
  @Test
  void ggufFields() throws IOException {
    Path path = directory.resolve("model.gguf");
    mutate(path, path, () -> GgufMutations.of(gguf(), random).bytes());
  }

  private static GgufBytes gguf() {
    GgufBytes gguf = GgufBytes.tinyLlama().string("tokenizer.ggml.model", "gpt2");
    gguf.string("tokenizer.ggml.pre", "gpt-2");
    gguf.strings("tokenizer.ggml.tokens", List.of("a", "b", "ab", "c", "d", "e"));
    gguf.integers("tokenizer.ggml.token_type", List.of(1, 1, 1, 1, 1, 3));
    return gguf.strings("tokenizer.ggml.merges", List.of("a b"));
  }

  @Test
  void safetensorsHeaders() throws IOException {
    SafetensorsBytes model = SafetensorsBytes.tinyLlama();
    model.write(directory);
    byte[] whole = model.bytes();
    int headerBytes = whole.length - model.dataBytes();
    mutate(directory, directory.resolve("model.safetensors"), () -> mutated(whole, headerBytes));
  }

  @Test
  void safetensorsFields() throws IOException {
    SafetensorsBytes model = SafetensorsBytes.tinyLlama();
    model.write(directory);
    byte[] whole = model.bytes();
    byte[] header = Arrays.copyOfRange(whole, 8, whole.length - model.dataBytes());
    byte[] data = Arrays.copyOfRange(whole, whole.length - model.dataBytes(), whole.length);
    mutate(
        directory,
        directory.resolve("model.safetensors"),
        () -> {
          byte[] json = json(header);
          return new LittleEndianBytes().i64(json.length).raw(json).raw(data).array();
        });
  }

  @Test
  void configurations() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    mutateJson(directory.resolve("config.json"));
  }

  @Test
  void indexes() throws IOException {
    SafetensorsBytes model = SafetensorsBytes.tinyLlama();
    model.write(directory);
    Files.move(directory.resolve("model.safetensors"), directory.resolve("a.safetensors"));
    StringJoiner map = new StringJoiner(",", "{\"metadata\":{\"total\":1},\"weight_map\":{", "}}");
    model.names().forEach(name -> map.add("\"" + name + "\":\"a.safetensors\""));
    Path index = directory.resolve("model.safetensors.index.json");
    Files.writeString(index, map.toString());
    mutateJson(index);
  }

  @Test
  void tokenizers() throws IOException {
    SafetensorsBytes.tinyLlama().write(directory);
    Path tokenizer = directory.resolve("tokenizer.json");
    Files.writeString(
        tokenizer,
        """
        {"version":"1.0","truncation":null,"padding":null,
         "added_tokens":[{"id":0,"content":"<s>","single_word":false,"lstrip":false,
          "rstrip":false,"normalized":false,"special":true},{"id":9,"content":"xx",
          "single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":false}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},
          {"type":"Replace","pattern":{"String":" "},"content":"_"}]},
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[
          {"type":"Split","pattern":{"Regex":"\\\\p{N}{1,3}| ?\\\\p{L}+|\\\\s+(?!\\\\S)"},
           "behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,
           "trim_offsets":true,"use_regex":false}]},
         "post_processor":{"type":"BertProcessing","sep":["<s>",0],"cls":["<s>",0]},
         "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},
          {"type":"Strip","content":" ","start":1,"stop":0}]},
         "model":{"type":"BPE","dropout":null,"unk_token":null,
          "continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,
          "byte_fallback":false,"ignore_merges":false,
          "vocab":{"<s>":0,"a":1,"b":2,"ab":3,"_":4},"merges":[["a","b"]]}}""");
    mutateJson(tokenizer);
  }

  private void mutateJson(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    mutate(directory, file, () -> json(whole));
  }

  /** Mostly fields, now and then bytes. */
  private byte[] json(byte[] whole) {
    return random.nextInt(4) == 0
        ? mutated(whole, whole.length)
        : new JsonMutations(random).of(whole);
  }

  private void mutate(Path model, Path file, Supplier<byte[]> mutations) throws IOException {
    System.out.println("replay with -Dpenstock.seed=" + seed);
    int opened = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      Files.write(file, mutations.get());
      boolean[] opens = new boolean[1];
      Assertions.assertTimeoutPreemptively(
          LIMIT,
          () ->
              assertThatCode(() -> opens[0] = opensAndReads(model))
                  .satisfiesAnyOf(
                      thrown -> assertThat(thrown).isNull(),
                      thrown -> assertThat(thrown).isInstanceOf(ModelFileException.class)),
          "replay with -Dpenstock.seed=" + seed + ", case " + i);
      opened += opens[0] ? 1 : 0;
    }
    assertThat(openFiles()).as("seed=%s", seed).noneMatch(open -> open.startsWith(directory));
    // Both outcomes occur, or the mutations are too weak or too strong to say anything.
    assertThat(opened).as("seed=%s", seed).isBetween(1, MUTATIONS - 1);
  }

  /** Everything that a process does with a model that it was given. */
  private static boolean opensAndReads(Path path) throws IOException {
    try (Model model = Models.open(path)) {
      for (String name : ((StoredWeights) model.weights()).names()) {
        WeightTensor tensor = model.weights().tensor(name);
        tensor.readRows(0, tensor.rows(), new float[tensor.rows() * tensor.cols()], 0);
      }
      if (model.hasTokenizer()) {
        try (Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
          encodeAndDecode(tokenizer);
        }
      }
    }
    StageSpec spec = new StageSpec(path.toString(), 0, 1, "reference", "auto", 1, 2, 16);
    new Stages().open(spec, 1).close();
    return true;
  }

  /** The native library may say that it cannot encode a text; nothing else may be thrown. */
  private static void encodeAndDecode(Tokenizer tokenizer) {
    try {
      tokenizer.decode(tokenizer.encode(" a ab xx 12345 <s>é\n\t  b"));
    } catch (RuntimeException e) {
      assertThat(e.getClass()).isEqualTo(RuntimeException.class);
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
