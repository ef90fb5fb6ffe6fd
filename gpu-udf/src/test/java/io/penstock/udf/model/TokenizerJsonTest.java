package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What would end the process in the native tokenizer (each of the refused did, or could with some
 * text) is refused before; what published tokenizers have is not.
 */
class TokenizerJsonTest {
  private static final String SPLIT =
      "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Isolated\",\"invert\":false}";

  private static String tokenizer(String field, String value) {
    String[] fields = {"added_tokens", "normalizer", "pre_tokenizer", "decoder", "model"};
    String[] values = {"[]", "null", "null", "null", model("\"merges\":[[\"a\",\"b\"]]")};
    StringBuilder json = new StringBuilder("{\"version\":\"1.0\"");
    for (int i = 0; i < fields.length; i++) {
      String own = fields[i].equals(field) ? value : values[i];
      json.append(",\"").append(fields[i]).append("\":").append(own);
    }
    return json + "}";
  }

  private static String model(String more) {
    return "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}," + more + "}";
  }

  private static Tokenizer open(String json) throws IOException {
    return DjlTokenizer.open(json.getBytes(StandardCharsets.UTF_8), "file=x");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        arguments(
            "normalizer",
            "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AA==\"}",
            "not read"),
        arguments("normalizer", "{\"type\":\"Strip\",\"strip_left\":true}", "not read"),
        arguments(
            "normalizer",
            "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a|a)*$\"},\"content\":\"\"}",
            "pattern"),
        arguments(
            "normalizer",
            "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Sequence\",\"normalizers\":["
                + "{\"type\":\"Sequence\",\"normalizers\":[]}]}]}",
            "Sequence"),
        arguments("pre_tokenizer", SPLIT.formatted("a*a*a*b"), "pattern"),
        arguments(
            "pre_tokenizer",
            "{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"Removed\"}",
            "pattern"),
        arguments(
            "decoder",
            "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":2147483647}",
            "stop=2147483647"),
        arguments("model", model("\"continuing_subword_prefix\":\"##\""), "value=##"),
        arguments("model", model("\"merges\":[[\"a\"]]"), "index=0"),
        arguments("model", model("\"merges\":[7]"), "index=0"),
        arguments("model", "{\"vocab\":{\"a\":4294967295}}", "number=4294967295"),
        arguments("model", "{\"vocab\":{\"a\":18446744073709551616}}", "no integer"),
        arguments("model", "{\"type\":\"Markov\"}", "value=Markov"),
        arguments("model", "7", "key=model"),
        arguments(
            "added_tokens",
            "[{\"id\":0,\"content\":\"\",\"single_word\":true,\"lstrip\":true,\"rstrip\":true,"
                + "\"normalized\":true,\"special\":false}]",
            "key=added_tokens.content"),
        arguments("decoder", "[".repeat(200) + "]".repeat(200), "bad JSON"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void saysWhatIsNotRead(String field, String value, String expected) {
    assertThatThrownBy(() -> open(tokenizer(field, value)).close())
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("file=x")
        .hasMessageContaining(expected);
  }

  /** A tree of it would take some twenty times its size. */
  @Test
  void aLongPartIsRefusedBeforeItIsInMemory() {
    byte[] json =
        tokenizer("normalizer", "[" + "[],".repeat(2_000_000) + "[]]")
            .getBytes(StandardCharsets.UTF_8);
    ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> TokenizerJson.checked(json, "file=x"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("too long");
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4L * json.length);
  }

  @Test
  void whatIsNeverUsedDoesNoHarm() throws IOException {
    String json = tokenizer("version", "1");
    String hostile =
        ",\"truncation\":{\"max_length\":-1},\"padding\":7,\"post_processor\":{\"type\":"
            + "\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":9}}]}}";
    try (Tokenizer tokenizer = open(json.substring(0, json.length() - 1) + hostile)) {
      assertThat(tokenizer.encode("abba")).containsExactly(2, 1, 0);
    }
  }

  @Test
  void textsThatWouldEndTheProcessAreRefused() throws IOException {
    try (Tokenizer tokenizer = open(tokenizer("version", "1"))) {
      assertThatThrownBy(() -> tokenizer.encode(" ".repeat(4_000_001)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("limit=4000000");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+",
        "[\\r\\n]",
        "\\s?\\p{L}+",
        "[一-龥ࠀ-一가-퟿]+",
        "\\s+$"
      })
  void expressionsOfPublishedTokenizersPass(String regex) {
    assertThat(TokenizerRegex.isHarmless(regex)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "(a|a)*$",
        "(a+)+b",
        "(a*)?b",
        "a*a*b",
        "a*b*(?=c)",
        "a*a*a*",
        "(a{1,9}){1,9}",
        "a{1,999}",
        "a{99999999999}",
        "(a)\\1",
        "\\g<0>",
        "\\k<a>",
        "(?<=a)b",
        "(?>a)",
        "(?~a)",
        "(?",
        "(",
        "a)",
        "[",
        "[a",
        "[[a]]",
        "[a&&b]",
        "\\",
        "\\p{L",
        "*",
        "a{"
      })
  void othersDoNot(String regex) {
    assertThat(TokenizerRegex.isHarmless(regex)).isFalse();
  }
}
