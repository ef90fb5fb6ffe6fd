package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a GGUF file is said with the file, the key or tensor, and the numbers. */
class GgufRefusalTest {
  @TempDir Path directory;

  static Stream<Arguments> wrongFiles() {
    return Stream.of(
        wrong(g -> g.version(1), "version=1"),
        wrong(g -> g.version(0x03000000), "big-endian"),
        wrong(g -> g.string("general.architecture", "qwen3"), "value=qwen3", "read: llama, qwen2"),
        wrong(g -> g.without("general.architecture"), "key=general.architecture", "missing"),
        wrong(g -> g.without("llama.block_count"), "key=llama.block_count", "missing"),
        wrong(g -> g.string("llama.block_count", "1"), "key=llama.block_count", "not an integer"),
        wrong(g -> g.u32("llama.block_count", 0), "layers=0"),
        wrong(g -> g.u32("llama.block_count", -1), "value=4294967295"),
        wrong(g -> g.u32("llama.block_count", 2), "missing", "tensor=blk.1.attn_norm.weight"),
        wrong(g -> g.u32("llama.attention.head_count", 3), "hiddenSize=8 heads=3"),
        wrong(g -> g.u32("llama.attention.head_count", 0), "heads=0"),
        wrong(g -> g.u32("llama.attention.head_count_kv", 0), "kvHeads=0"),
        wrong(g -> g.u32("llama.attention.key_length", 0x7ffffffe), "headDim=2147483646"),
        wrong(g -> g.u32("llama.attention.key_length", 3), "headDim=3"),
        wrong(
            g -> g.u32("llama.attention.value_length", 5), "value_length", "value=5", "headDim=4"),
        wrong(g -> g.u32("llama.rope.dimension_count", 2), "dimension_count", "value=2"),
        wrong(
            g -> g.u32("llama.feed_forward_length", 13),
            "tensor=blk.0.ffn_gate.weight",
            "shape=[12, 8]",
            "expected=[13, 8]"),
        wrong(g -> g.string("llama.rope.scaling.type", "yarn"), "value=yarn"),
        wrong(g -> g.f32("llama.rope.scaling.factor", 4), "llama.rope.scaling.factor", "value=4.0"),
        wrong(g -> g.f32("llama.rope.scale_linear", 2), "llama.rope.scale_linear", "value=2.0"),
        wrong(g -> g.f32("llama.logit_scale", 2), "llama.logit_scale", "not computed"),
        wrong(g -> g.u32("llama.expert_count", 8), "expert_count", "value=8"),
        wrong(g -> g.u32("split.count", 3), "split.count", "value=3"),
        wrong(g -> g.bool("llama.attention.causal", false), "causal"),
        wrong(g -> g.f32("llama.attention.layer_norm_rms_epsilon", Float.NaN), "rmsNormEps=NaN"),
        wrong(g -> g.f32("llama.rope.freq_base", 0), "theta=0.0"),
        wrong(g -> g.strings("tokenizer.ggml.tokens", List.of("a")), "tokens=1 token_embd=6"),
        wrong(g -> g.u32("general.alignment", 24), "general.alignment", "value=24"),
        wrong(g -> g.u32("general.alignment", 0), "general.alignment", "value=0"),
        wrong(g -> g.u32("general.alignment", -1), "general.alignment", "4294967295"),
        wrong(g -> g.alignment(64, 16), "beyond the file"),
        wrong(g -> g.alignment(32, 64), "alignment=32"),
        wrong(g -> g.f32Tensor("n".repeat(256), 1), "stringBytes=256 limit=255"),
        wrong(g -> g.u32("k".repeat(1 << 16), 1), "stringBytes=65536 limit=65535"),
        wrong(g -> g.u32("\u001b[31m\n" + "k".repeat(500), 1).key("y", 99, new byte[0]), "key=y"),
        wrong(g -> g.key("\u001b[31m\n" + "k".repeat(500), 99, new byte[0]), "key=?[31m?kkk"),
        wrong(g -> g.without("blk.0.attn_k.weight"), "missing", "tensor=blk.0.attn_k.weight"),
        wrong(g -> g.f32Tensor("blk.0.attn_q.bias", 8), "some projections only", "there=1"),
        wrong(
            g -> g.u32("llama.attention.sliding_window", 63),
            "attention.sliding_window",
            "value=63"),
        wrong(g -> g.u32("llama.block_count", 1 << 17), "layers=131072", "limit=65536"),
        wrong(g -> g.f32Tensor("rope_freqs.weight", 3), "rope_freqs.weight", "shape=[3]"),
        wrong(g -> g.tensor("rope_freqs.weight", 0, new byte[8], 2), "index=0 value=0.0"),
        wrong(g -> g.tensor("x", 99, new byte[8], 2), "tensor=x", "type=99"),
        wrong(g -> g.tensor("x", 8, new byte[34], 31), "tensor=x", "shape=[31]", "type=Q8_0"),
        wrong(g -> g.tensor("x", 0, new byte[8], 9), "tensor=x", "beyond the file", "bytes=36"),
        wrong(g -> g.tensor("x", 0, new byte[8], 2, -1), "tensor=x", "18446744073709551615"),
        wrong(g -> g.tensor("x", 0, new byte[8], 0), "tensor=x", "empty"),
        wrong(
            g -> g.tensor("x", 0, new byte[8], 1L << 31, 1L << 31, 4),
            "tensor=x",
            "beyond any file"),
        wrong(g -> g.key("x", 13, new byte[8]), "key=x", "valueType=13"),
        wrong(g -> g.key("x", 7, new byte[] {2}), "key=x", "value=2"),
        wrong(g -> g.key("x", 8, longBytes(1L << 40)), "key=x", "stringBytes=1099511627776"),
        wrong(g -> g.key("x", 8, longBytes(-1)), "key=x", "stringBytes=18446744073709551615"),
        wrong(g -> g.key("x", 9, array(4, 1L << 60)), "key=x", "elements=1152921504606846976"),
        wrong(g -> g.key("x", 9, array(8, 1L << 32)), "key=x", "elements=4294967296"),
        wrong(g -> g.key("x", 9, array(77, 1)), "key=x", "elementType=77"),
        wrong(g -> g.key("x", 9, nested(9)), "key=x", "depth=5"));
  }

  private static Arguments wrong(UnaryOperator<GgufBytes> change, String... expected) {
    return arguments(change.apply(GgufBytes.tinyLlama()), List.of(expected));
  }

  private static byte[] longBytes(long value) {
    return new LittleEndianBytes().i64(value).array();
  }

  private static byte[] array(int type, long count) {
    return new LittleEndianBytes().i32(type).i64(count).array();
  }

  private static byte[] nested(int depth) {
    LittleEndianBytes bytes = new LittleEndianBytes();
    for (int i = 0; i < depth; i++) {
      bytes.i32(9).i64(1);
    }
    return bytes.array();
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  void saysWhatIsWrong(GgufBytes gguf, List<String> expected) {
    Path path = gguf.write(directory);
    assertThatThrownBy(() -> Models.open(path))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContainingAll(expected.toArray(CharSequence[]::new));
  }

  @Test
  void typesThatAreNotReadAreNamed() {
    GgufBytes gguf = GgufBytes.tinyLlama().u32("llama.embedding_length", 256);
    gguf.tensor("token_embd.weight", GgufBytes.IQ2_XXS, new byte[6 * 66], 256, 6);
    Path path = gguf.write(directory);
    assertThatThrownBy(() -> Models.open(path))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tensor=token_embd.weight")
        .hasMessageContaining("type=IQ2_XXS")
        .hasMessageContaining("Q4_K, Q5_K, Q6_K, IQ4_NL");
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] whole = GgufBytes.tinyLlama().bytes();
    Path path = directory.resolve("cut.gguf");
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(path, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Models.open(path)).isInstanceOf(ModelFileException.class);
    }
  }

  @Test
  void truncationAfterOpeningIsNoticed() throws IOException {
    Path path = GgufBytes.tinyLlama().write(directory);
    try (Model model = Models.open(path)) {
      byte[] bytes = Files.readAllBytes(path);
      Files.write(path, Arrays.copyOf(bytes, bytes.length - 200));
      WeightTensor last = model.weights().tensor("model.layers.0.mlp.down_proj.weight");
      assertThatThrownBy(() -> last.readRows(0, 8, new float[96], 0))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("truncated");
    }
  }

  @Test
  void foreignAndMissingFiles() throws IOException {
    Path foreign = Files.writeString(directory.resolve("a.gguf"), "not a model");
    assertThatThrownBy(() -> Models.open(foreign))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("not a GGUF file");
    Path missing = directory.resolve("none.gguf");
    assertThatThrownBy(() -> Models.open(missing))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("--model-path")
        .hasMessageContaining(missing.toString());
  }

  @Test
  void closedModelsCannotBeRead() throws IOException {
    Model model = Models.open(GgufBytes.tinyLlama().write(directory));
    WeightTensor tensor = model.weights().tensor("model.norm.weight");
    model.close();
    assertThatThrownBy(() -> tensor.readRows(0, 1, new float[8], 0))
        .isInstanceOf(IOException.class);
  }
}
