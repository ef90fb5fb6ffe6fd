package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tokenizer that is built from the sample model's metadata, against the goldens. */
class TokenizerTest {
  private static Model model;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    model = Models.open(SampleModel.require());
    tokenizer = model.openTokenizer().orElseThrow();
  }

  @AfterAll
  static void close() throws IOException {
    if (model != null) {
      tokenizer.close();
      model.close();
    }
  }

  @Test
  void goldens() {
    JsonNode goldens = Goldens.json("smollm2/tokenizer-goldens.json");
    assertThat(goldens).hasSize(181);
    SoftAssertions.assertSoftly(
        softly -> {
          for (JsonNode golden : goldens) {
            String text = golden.get("text").textValue();
            // Bytes without a token are dropped before merging (HF) or after it (llama.cpp).
            List<int[]> accepted =
                Stream.of("ids_special", "llamacpp_ids_special")
                    .filter(golden::has)
                    .map(key -> Goldens.ints(golden.get(key)))
                    .toList();
            int[] ids = tokenizer.encode(text);
            softly.assertThat(ids).as(golden.get("id").textValue()).isIn(accepted);
            softly
                .assertThat(tokenizer.decode(Goldens.ints(golden.get("ids_special"))))
                .as(golden.get("id").textValue())
                .isEqualTo(golden.path("decoded").asText(text));
          }
        });
  }

  @Test
  void decodesSingleTokens() {
    assertThat(tokenizer.decode(905)).isEqualTo(" world");
    assertThat(tokenizer.decode(198)).isEqualTo("\n");
    assertThat(tokenizer.decode(2)).isEqualTo("<|im_end|>");
    assertThat(tokenizer.decode()).isEmpty();
  }

  @Test
  void neitherTruncatesNorPads() {
    String text = "The quick brown fox jumps over the lazy dog, 12345 times.\n".repeat(60_000);
    int[] ids = tokenizer.encode(text);
    assertThat(ids).hasSizeGreaterThan(800_000);
    assertThat(tokenizer.decode(ids)).isEqualTo(text);
  }

  @Test
  void takesAnyJavaString() {
    assertThat(tokenizer.encode("")).isEmpty();
    assertThat(tokenizer.decode(tokenizer.encode("a\0b"))).isEqualTo("a\0b");
    assertThat(tokenizer.decode(tokenizer.encode("a\ud800b"))).isEqualTo("a\ufffdb");
    assertThat(tokenizer.decode(tokenizer.encode("a\udc00"))).isEqualTo("a\ufffd");
    assertThat(tokenizer.decode(tokenizer.encode("\ud83c\udf89"))).isEqualTo("\ud83c\udf89");
    assertThat(tokenizer.decode(tokenizer.encode("\ud83c\udf89 \ud83c")))
        .isEqualTo("\ud83c\udf89 \ufffd");
    assertThat(tokenizer.decode(tokenizer.encode("a".repeat(1_000_000)))).hasSize(1_000_000);
  }
}
