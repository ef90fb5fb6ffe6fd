package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTokenizerTest {
  private static final String DIGITS = "1234567";

  @TempDir Path directory;

  /**
   * Letters, digits, space, the two bytes of a with breve; merges of digits; a word no merge leads
   * to.
   */
  private static GgufBytes withTokenizer(String pre) {
    List<String> tokens = new ArrayList<>();
    for (char c = 'a'; c <= 'z'; c++) {
      tokens.add(String.valueOf(c));
    }
    DIGITS.chars().forEach(c -> tokens.add(Character.toString(c)));
    List<String> merges = new ArrayList<>();
    for (int length = 2; length <= DIGITS.length(); length++) {
      merges.add(DIGITS.substring(0, length - 1) + " " + DIGITS.charAt(length - 1));
      tokens.add(DIGITS.substring(0, length));
    }
    tokens.addAll(List.of("\u0120", "\u00c4", "\u0125", "word", "<|x|>", "<user>"));
    List<Integer> types = new ArrayList<>(Collections.nCopies(tokens.size() - 2, 1));
    types.addAll(List.of(3, 4));
    return GgufBytes.tinyLlama()
        .f32Tensor("token_embd.weight", 8, tokens.size())
        .string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", pre)
        .strings("tokenizer.ggml.tokens", tokens)
        .integers("tokenizer.ggml.token_type", types)
        .strings("tokenizer.ggml.merges", merges);
  }

  private List<String> pieces(String pre, String text) throws IOException {
    try (Model model = Models.open(withTokenizer(pre).write(directory));
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      List<String> pieces = new ArrayList<>();
      for (int id : tokenizer.encode(text)) {
        pieces.add(tokenizer.decode(id));
      }
      return pieces;
    }
  }

  @Test
  void digitsGoTogetherAsThePreTokenizerSays() throws IOException {
    assertThat(pieces("gpt-2", DIGITS)).containsExactly("1234567");
    assertThat(pieces("smollm", DIGITS)).containsExactly("1", "2", "3", "4", "5", "6", "7");
    assertThat(pieces("qwen2", DIGITS)).containsExactly("1", "2", "3", "4", "5", "6", "7");
    assertThat(pieces("llama-bpe", DIGITS)).containsExactly("123", "4", "5", "6", "7");
    assertThat(pieces("smaug-bpe", DIGITS)).containsExactly("123", "4", "5", "6", "7");
    assertThat(pieces("tekken", DIGITS)).containsExactly("1", "2", "3", "4", "5", "6", "7");
    assertThat(pieces("deepseek-r1-qwen", DIGITS))
        .containsExactly("1", "2", "3", "4", "5", "6", "7");
  }

  @Test
  void llama3TakesWordsOfItsVocabularyWhole() throws IOException {
    assertThat(pieces("llama-bpe", "word")).containsExactly("word");
    assertThat(pieces("llama3", "word")).containsExactly("word");
    assertThat(pieces("tekken", "word")).containsExactly("word");
    assertThat(pieces("qwen2", "word")).containsExactly("w", "o", "r", "d");
    assertThat(pieces("smaug-bpe", "word")).containsExactly("w", "o", "r", "d");
  }

  @Test
  void qwen2ComposesCharacters() throws IOException {
    assertThat(roundTrip("qwen2", "a\u0306 b")).isEqualTo("\u0103 b");
    assertThat(roundTrip("llama-bpe", "a\u0306 b")).isEqualTo("a b");
    assertThat(roundTrip("deepseek-r1-qwen", "a\u0306 b")).isEqualTo("a b");
  }

  private String roundTrip(String pre, String text) throws IOException {
    try (Model model = Models.open(withTokenizer(pre).write(directory));
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      return tokenizer.decode(tokenizer.encode(text));
    }
  }

  @Test
  void addedTokensAreRecognisedInText() throws IOException {
    assertThat(pieces("gpt-2", "a<|x|><user>b")).containsExactly("a", "<|x|>", "<user>", "b");
  }

  @Test
  void modelsOpenWithTokenizersThatAreNotRead() throws IOException {
    assertRefused(withTokenizer("brand-new"), "tokenizer.ggml.pre", "value=brand-new");
    assertRefused(
        withTokenizer("gpt-2").without("tokenizer.ggml.pre"), "tokenizer.ggml.pre", "(missing)");
    assertRefused(
        withTokenizer("gpt-2").string("tokenizer.ggml.model", "t5"),
        "tokenizer.ggml.model",
        "value=t5",
        "gpt2 (byte-level BPE), llama (SentencePiece BPE)");
    try (Model model = Models.open(GgufBytes.tinyLlama().write(directory))) {
      assertThat(model.hasTokenizer()).isFalse();
      assertThat(model.openTokenizer()).isEmpty();
    }
  }

  /** Ids are llama.cpp's for the same files, special tokens recognised, none added. */
  @ParameterizedTest
  @ValueSource(strings = {"mistral-a.Q8_0", "qwen2-a.Q8_0"})
  void encodesAsLlamaCppDoes(String file) throws IOException {
    JsonNode goldens = Goldens.json("gguf/tokenizers.json").get(file);
    assertThat(goldens).hasSizeGreaterThan(100);
    try (Model model = Models.open(TinyModels.gguf(file));
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      for (JsonNode golden : goldens) {
        String text = golden.get("text").textValue();
        assertThat(tokenizer.encode(text))
            .as("text=%s", golden)
            .containsExactly(Goldens.ints(golden.get("ids")));
      }
    }
  }

  /** Scores say: "ab" before "bc"; of "abc", which both lead to, nothing is left to join. */
  private static GgufBytes sentencePiece() {
    List<String> tokens =
        List.of(
            "<unk>", "<s>", "<0x0A>", "\u2581", "a", "b", "c", "ab", "bc", "abc", "\u2581a", "<u>");
    return GgufBytes.tinyLlama()
        .f32Tensor("token_embd.weight", 8, tokens.size())
        .string("tokenizer.ggml.model", "llama")
        .strings("tokenizer.ggml.tokens", tokens)
        .integers("tokenizer.ggml.token_type", List.of(2, 3, 6, 1, 1, 1, 1, 1, 1, 1, 1, 4))
        .floats("tokenizer.ggml.scores", 0, 0, 0, -9, -8, -7, -6, -1, -2, -3, -4, 0);
  }

  private int[] ids(GgufBytes gguf, String text) throws IOException {
    try (Model model = Models.open(gguf.write(directory));
        Tokenizer tokenizer = model.openTokenizer().orElseThrow()) {
      return tokenizer.encode(text);
    }
  }

  @Test
  void scoresDecideWhatIsJoinedFirst() throws IOException {
    GgufBytes gguf = sentencePiece();
    assertThat(ids(gguf, "abc")).containsExactly(3, 9);
    assertThat(ids(gguf, "bcab")).containsExactly(3, 8, 7);
    assertThat(ids(gguf, "ac")).containsExactly(10, 6);
    // A space before the text, and before what follows a special token.
    assertThat(ids(gguf, "b<s>b")).containsExactly(3, 5, 1, 3, 5);
    assertThat(ids(gguf, "b<u>c<unk>")).containsExactly(3, 5, 11, 3, 6, 0);
    assertThat(ids(gguf, "\n")).containsExactly(3, 2);
    assertThat(ids(gguf, "z")).containsExactly(3, 0);
    assertThat(ids(gguf, "")).isEmpty();
    gguf.bool("tokenizer.ggml.add_space_prefix", false);
    assertThat(ids(gguf, "abc")).containsExactly(9);
    assertThat(ids(gguf, " abc")).containsExactly(3, 9);
  }

  @Test
  void sentencePieceThatContradictsItselfIsRefused() throws IOException {
    assertRefused(
        sentencePiece().without("tokenizer.ggml.scores"), "tokenizer.ggml.scores", "missing");
    assertRefused(sentencePiece().floats("tokenizer.ggml.scores", 1, 2), "scores=2 tokens=12");
    assertRefused(
        sentencePiece().integers("tokenizer.ggml.scores", List.of(1)), "elements are not float32");
    assertRefused(
        sentencePiece().u32("tokenizer.ggml.unknown_token_id", 12), "unknown_token_id", "value=12");
    List<String> tokens = new ArrayList<>(List.of("<unk>", "a".repeat(20_000)));
    assertRefused(
        sentencePiece()
            .f32Tensor("token_embd.weight", 8, 2)
            .strings("tokenizer.ggml.tokens", tokens)
            .integers("tokenizer.ggml.token_type", List.of(2, 1))
            .floats("tokenizer.ggml.scores", 0, 0),
        "tokens are too long");
  }

  @Test
  void metadataThatContradictThemselvesAreRefused() throws IOException {
    assertRefused(
        withTokenizer("gpt-2").integers("tokenizer.ggml.token_type", List.of(1, 2)), "types=2");
    assertRefused(
        withTokenizer("gpt-2").strings("tokenizer.ggml.merges", List.of("ab")), "index=0");
    assertRefused(
        withTokenizer("gpt-2").strings("tokenizer.ggml.merges", List.of("zz q")),
        "cannot use tokenizer");
    assertRefused(
        withTokenizer("gpt-2").strings("tokenizer.ggml.token_type", List.of("x")), "token_type");
    GgufBytes twice = withTokenizer("gpt-2");
    twice.strings("tokenizer.ggml.tokens", Collections.nCopies(46, "a"));
    assertRefused(twice.f32Tensor("token_embd.weight", 8, 46), "token_type");
  }

  private void assertRefused(GgufBytes gguf, CharSequence... message) throws IOException {
    try (Model model = Models.open(gguf.write(directory))) {
      assertThat(model.hasTokenizer()).isTrue();
      assertThatThrownBy(model::openTokenizer)
          .isInstanceOf(ModelFileException.class)
          .hasMessageContainingAll(message);
    }
  }
}
