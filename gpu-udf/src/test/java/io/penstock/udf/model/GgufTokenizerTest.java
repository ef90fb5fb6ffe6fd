package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  }

  @Test
  void llama3TakesWordsOfItsVocabularyWhole() throws IOException {
    assertThat(pieces("llama-bpe", "word")).containsExactly("word");
    assertThat(pieces("qwen2", "word")).containsExactly("w", "o", "r", "d");
  }

  @Test
  void qwen2ComposesCharacters() throws IOException {
    assertThat(roundTrip("qwen2", "a\u0306 b")).isEqualTo("\u0103 b");
    assertThat(roundTrip("llama-bpe", "a\u0306 b")).isEqualTo("a b");
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
        withTokenizer("gpt-2").string("tokenizer.ggml.model", "llama"),
        "tokenizer.ggml.model",
        "value=llama");
    try (Model model = Models.open(GgufBytes.tinyLlama().write(directory))) {
      assertThat(model.hasTokenizer()).isFalse();
      assertThat(model.openTokenizer()).isEmpty();
    }
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
