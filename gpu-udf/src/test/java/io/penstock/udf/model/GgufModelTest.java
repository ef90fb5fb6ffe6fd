package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufModelTest {
  @TempDir Path directory;

  @Test
  void readsTheConfiguration() throws IOException {
    try (Model model = Models.open(TinyModels.gguf("llama3rope-a.Q8_0"))) {
      ModelConfig config = model.config();
      assertThat(config.family()).isEqualTo("llama");
      assertThat(config.name()).isEqualTo("llama3rope-a.Q8_0.gguf");
      assertThat(config.vocabSize()).isEqualTo(320);
      assertThat(config.hiddenSize()).isEqualTo(64);
      assertThat(config.intermediateSize()).isEqualTo(160);
      assertThat(config.layers()).isEqualTo(2);
      assertThat(config.heads()).isEqualTo(4);
      assertThat(config.kvHeads()).isEqualTo(2);
      assertThat(config.headDim()).isEqualTo(32);
      assertThat(config.rmsNormEps()).isEqualTo(1e-5f);
      assertThat(config.rope().theta()).isEqualTo(500000);
      assertThat(config.rope().divisors()).hasSize(16).startsWith(1f).endsWith(8f);
      assertThat(config.tiedEmbeddings()).isFalse();
      assertThat(config.qkvBias()).isFalse();
      assertThat(config.outputBias()).isFalse();
      assertThat(config.mlpBias()).isFalse();
      assertThat(model.weights().has("lm_head.weight")).isTrue();
      float[] plain = new RopeConfig(500000, Optional.empty()).inverseFrequencies(32);
      float[] divided = config.rope().inverseFrequencies(32);
      assertThat(divided[0]).isEqualTo(plain[0]);
      assertThat(divided[15]).isEqualTo(plain[15] / 8);
    }
  }

  @Test
  void readsTheSampleModel() throws IOException {
    try (Model model = Models.open(SampleModel.require())) {
      ModelConfig config = model.config();
      assertThat(config.vocabSize()).isEqualTo(49152);
      assertThat(config.layers()).isEqualTo(30);
      assertThat(config.headDim()).isEqualTo(64);
      assertThat(config.contextTokens()).isEqualTo(8192);
      assertThat(config.rope().theta()).isEqualTo(100000);
      assertThat(config.rope().divisors()).isEmpty();
      assertThat(config.tiedEmbeddings()).isTrue();
      assertThat(model.weights().has("lm_head.weight")).isFalse();
      assertThat(model.hasTokenizer()).isTrue();
    }
  }

  @Test
  void putsRotaryRowsIntoRotateHalfOrder() throws IOException {
    try (Model model = Models.open(GgufBytes.tinyLlama().write(directory))) {
      // Stored rows of each head of 4 are (0, 2, 1, 3) of the rotate-half order; row r starts with
      // 300 + 8 r, since q is the fourth tensor.
      assertThat(firstColumn(model, "model.layers.0.self_attn.q_proj.weight"))
          .containsExactly(300, 316, 308, 324, 332, 348, 340, 356);
      assertThat(firstColumn(model, "model.layers.0.self_attn.k_proj.weight"))
          .containsExactly(400, 416, 408, 424);
      assertThat(firstColumn(model, "model.layers.0.self_attn.v_proj.weight"))
          .containsExactly(500, 508, 516, 524);
    }
  }

  @Test
  void readsAnyRows() throws IOException {
    try (Model model = Models.open(GgufBytes.tinyLlama().write(directory))) {
      WeightTensor q = model.weights().tensor("model.layers.0.self_attn.q_proj.weight");
      float[] all = new float[64];
      q.readRows(0, 8, all, 0);
      float[] some = new float[20];
      q.readRows(3, 2, some, 1);
      assertThat(Arrays.copyOfRange(some, 1, 17)).containsExactly(Arrays.copyOfRange(all, 24, 40));
      assertThat(some[0]).isZero();
      assertThat(some[17]).isZero();
      q.readRows(8, 0, some, 20);
      for (WeightTensor tensor :
          List.of(q, model.weights().tensor("model.layers.0.mlp.down_proj.weight"))) {
        assertThatThrownBy(() -> tensor.readRows(7, 2, all, 0))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.readRows(0, 2, new float[15], 0))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  /** No prompt would have an answer, and each would end the job. */
  @Test
  void valuesThatAreNoNumbersAreRefused() throws IOException {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      LittleEndianBytes data = new LittleEndianBytes();
      for (int i = 0; i < 8 * 12; i++) {
        data.f32(i == 3 * 8 + 5 ? bad : -Float.MAX_VALUE);
      }
      GgufBytes gguf = GgufBytes.tinyLlama();
      gguf.tensor("blk.0.ffn_up.weight", GgufBytes.F32, data.array(), 8, 12);
      try (Model model = Models.open(gguf.write(directory))) {
        WeightTensor up = model.weights().tensor("model.layers.0.mlp.up_proj.weight");
        up.readRows(0, 3, new float[24], 0);
        assertThatThrownBy(() -> up.readRows(2, 2, new float[20], 4))
            .isInstanceOf(ModelFileException.class)
            .hasMessageContaining("tensor=model.layers.0.mlp.up_proj.weight")
            .hasMessageContaining("row=3 col=5 value=" + bad);
      }
    }
  }

  @Test
  void readsBiasesInTheOrderOfTheirRows() throws IOException {
    GgufBytes gguf = GgufBytes.tinyLlama();
    gguf.f32Tensor("blk.0.attn_q.bias", 8).f32Tensor("blk.0.attn_k.bias", 4);
    gguf.f32Tensor("blk.0.attn_v.bias", 4).f32Tensor("blk.0.attn_output.bias", 8);
    try (Model model = Models.open(gguf.write(directory))) {
      assertThat(model.config().qkvBias()).isTrue();
      float[] q = new float[8];
      model.weights().tensor("model.layers.0.self_attn.q_proj.bias").readRows(0, 1, q, 0);
      assertThat(q).containsExactly(1100, 1102, 1101, 1103, 1104, 1106, 1105, 1107);
      float[] v = new float[4];
      model.weights().tensor("model.layers.0.self_attn.v_proj.bias").readRows(0, 1, v, 0);
      assertThat(v).containsExactly(1300, 1301, 1302, 1303);
    }
  }

  @Test
  void takesVersion2() throws IOException {
    assertReads(GgufBytes.tinyLlama().version(2));
  }

  /** Whatever the length of the header, the sizes of the tensors, and what the file says. */
  @Test
  void takesAnyAlignmentThatTheDataAreLaidOutFor() throws IOException {
    for (int alignment : new int[] {1, 4, 8, 16, 32, 64, 128, 4096, 65_536}) {
      for (int header = 0; header < 64; header += 7) {
        for (boolean odd : new boolean[] {false, true}) {
          assertReads(model(header, odd).alignment(alignment, alignment));
          assertReads(model(header, odd).alignment(alignment, 32));
        }
      }
    }
  }

  @Test
  void aFileThatCouldBeEitherIsReadAsItSays() throws IOException {
    for (int header = 0; header < 64; header += 7) {
      assertReads(model(header, false).alignment(8, 8).trailing(100));
      GgufBytes zeros = model(header, false).alignment(8, 8);
      assertReads(zeros.tensor("token_embd.weight", GgufBytes.F32, new byte[6 * 8 * 4], 8, 6));
    }
  }

  /** Where all sizes are multiples of 64, only the bytes before the data tell 64 from 32. */
  @Test
  void paddingTellsWhereTheDataStart() throws IOException {
    for (int laidOutFor : new int[] {32, 64}) {
      for (int header = 0; header < 128; header += 7) {
        GgufBytes gguf = new GgufBytes().alignment(64, laidOutFor).string("x", "x".repeat(header));
        gguf.f32Tensor("a", 16).f32Tensor("b", 32);
        try (GgufFile file = GgufFile.open(gguf.write(directory))) {
          for (int i = 0; i < 2; i++) {
            RawTensor raw = file.tensors().get(i == 0 ? "a" : "b");
            int cols = 16 << i;
            float[] values = new float[cols];
            raw.as(new LlamaTensors.Expected("x", "x", 1, cols, false)).readRows(0, 1, values, 0);
            assertThat(values).startsWith(100f * i, 100f * i + 1).endsWith(100f * i + cols - 1);
          }
        }
      }
    }
  }

  /** With a header longer by so many bytes, and perhaps a tensor whose size suits no alignment. */
  private static GgufBytes model(int header, boolean odd) {
    GgufBytes gguf = GgufBytes.tinyLlama().string("x", "x".repeat(header));
    if (odd) {
      gguf.without("blk.0.ffn_down.weight").f32Tensor("x", 3);
      gguf.f32Tensor("blk.0.ffn_down.weight", 12, 8);
    }
    return gguf;
  }

  private void assertReads(GgufBytes gguf) throws IOException {
    try (Model model = Models.open(gguf.write(directory))) {
      assertThat(firstColumn(model, "model.layers.0.self_attn.k_proj.weight"))
          .containsExactly(400, 416, 408, 424);
    }
  }

  @Test
  void readsFilesBeyondFourGigabytes() throws IOException {
    int vocabulary = 1 << 24;
    GgufBytes gguf = GgufBytes.tinyLlama();
    gguf.without("token_embd.weight").without("blk.0.attn_v.weight");
    gguf.sparseTensor("other", GgufBytes.F32, 32L << 28, 8, 1 << 28);
    gguf.f32Tensor("blk.0.attn_v.weight", 8, 4);
    gguf.sparseTensor("token_embd.weight", GgufBytes.F32, 32L * vocabulary, 8, vocabulary);
    Path path = gguf.writeSparse(directory);
    assertThat(Files.size(path)).isGreaterThan(6_000_000_000L);
    try (Model model = Models.open(path)) {
      assertThat(model.config().vocabSize()).isEqualTo(vocabulary);
      assertThat(firstColumn(model, "model.layers.0.self_attn.v_proj.weight"))
          .containsExactly(1000, 1008, 1016, 1024);
      float[] last = {1, 1, 1, 1, 1, 1, 1, 1};
      model.weights().tensor("model.embed_tokens.weight").readRows(vocabulary - 1, 1, last, 0);
      assertThat(last).containsOnly(0);
    }
  }

  @Test
  void interruptedThreadsReadToo() throws IOException {
    try (Model model = Models.open(GgufBytes.tinyLlama().write(directory))) {
      Thread.currentThread().interrupt();
      try {
        assertThat(firstColumn(model, "model.layers.0.self_attn.v_proj.weight")[0]).isEqualTo(500);
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(firstColumn(model, "model.layers.0.self_attn.v_proj.weight")[1]).isEqualTo(508);
    }
  }

  @Test
  void severalThreadsRead() throws Exception {
    try (Model model = Models.open(TinyModels.gguf("llama3rope-a.Q8_0"))) {
      WeightTensor tensor = model.weights().tensor("model.embed_tokens.weight");
      float[] expected = new float[tensor.rows() * tensor.cols()];
      tensor.readRows(0, tensor.rows(), expected, 0);
      Callable<float[]> reading =
          () -> {
            float[] all = new float[expected.length];
            for (int row = 0; row < tensor.rows(); row++) {
              tensor.readRows(row, 1, all, row * tensor.cols());
            }
            return all;
          };
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        for (Future<float[]> result : threads.invokeAll(Collections.nCopies(16, reading))) {
          assertThat(result.get()).containsExactly(expected);
        }
      } finally {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void identityChangesWithTheFile() throws IOException {
    Path path = GgufBytes.tinyLlama().write(directory);
    String before;
    try (Model model = Models.open(path)) {
      before = model.identity();
    }
    Files.write(path, GgufBytes.tinyLlama().u32("more", 1).bytes());
    try (Model model = Models.open(path)) {
      assertThat(model.identity()).isNotEqualTo(before).contains("model.gguf");
    }
  }

  @Test
  void divisorsComeOutAsFloats() throws IOException {
    GgufBytes gguf = GgufBytes.tinyLlama();
    gguf.tensor(
        "rope_freqs.weight", GgufBytes.F32, new LittleEndianBytes().f32(1).f32(2.5f).array(), 2);
    try (Model model = Models.open(gguf.write(directory))) {
      assertThat(model.config().rope().inverseFrequencies(4))
          .containsExactly(new float[] {1f, 0.01f / 2.5f}, within(0f));
    }
  }

  private static float[] firstColumn(Model model, String name) throws IOException {
    WeightTensor tensor = model.weights().tensor(name);
    float[] all = new float[tensor.rows() * tensor.cols()];
    tensor.readRows(0, tensor.rows(), all, 0);
    float[] column = new float[tensor.rows()];
    for (int row = 0; row < column.length; row++) {
      column[row] = all[row * tensor.cols()];
    }
    return column;
  }
}
