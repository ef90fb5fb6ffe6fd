package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.model.JsonValues;
import io.penstock.udf.model.SampleModel;
import io.penstock.udf.model.TinyModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TokenizeCommandTest {
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.content }} {% endfor %}{{ 'b' if add_generation_prompt }}"
          + "{{ raise_exception('No tools.') if tools }}";

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** A tiny model with a tokenizer of a handful of words, and a template. */
  @BeforeEach
  void model() throws IOException {
    Path from = TinyModels.directory("llama-gqa-a");
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(from.resolve(file), folder.resolve(file));
    }
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
         "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","vocab":{"a":1,"b":2,"?":3},"unk_token":"?"}}""");
    Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
  }

  private int tokenize(Path model, Object... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of("tokenize", "--model-path", model.toString()));
    Arrays.stream(arguments).map(String::valueOf).forEach(all::add);
    return commandLine.execute(all.toArray(String[]::new));
  }

  private List<Map<?, ?>> json() throws IOException {
    List<Map<?, ?>> objects = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      objects.add((Map<?, ?>) JsonValues.parse(line));
    }
    return objects;
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("input"), text);
  }

  @Test
  void eachLineGetsItsOwnOutputInOrder() throws IOException {
    Path input =
        file(
            """
            {"text": "a b", "request_id": "r"}
            {"messages": [{"role": "user", "content": "a"}]}
            {"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false}
            {"messages": [{"role": "user", "content": "a"}], "tools": [{}]}
            {"messages": [{"role": "user", "content": "a", "mood": "m"}]}
            {"texts": "a"}
            {"text": "a", "messages": []}
            {"messages": [{"role": "user", "content": "a"}], "tools": {}}
            nonsense

            {"text": ""}
            """);
    assertThat(tokenize(folder, "--input", input, "--json")).isZero();
    List<Map<?, ?>> outputs = json();
    assertThat(outputs).hasSize(11);
    assertThat(outputs.get(0))
        .isEqualTo(Map.of("text", "a b", "token_ids", List.of(1, 2), "count", 2));
    assertThat(outputs.get(1))
        .isEqualTo(Map.of("text", "a b", "token_ids", List.of(1, 2), "count", 2));
    assertThat(outputs.get(2)).isEqualTo(Map.of("text", "a ", "token_ids", List.of(1), "count", 1));
    assertThat(outputs.get(3).get("error").toString())
        .startsWith("the chat template failed: line=1 column=")
        .endsWith(": No tools.");
    assertThat(outputs.get(4).get("error").toString()).contains("member=mood");
    assertThat(outputs.get(5).get("error").toString()).contains("unknown field: texts");
    assertThat(outputs.subList(6, 10)).allMatch(output -> output.containsKey("error"));
    assertThat(outputs.get(10)).isEqualTo(Map.of("text", "", "token_ids", List.of(), "count", 0));
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aLineThatIsNoTextAndOneInOpenAisWordsAreLinesLikeOthers() throws IOException {
    Path input = folder.resolve("input");
    Files.write(input, new byte[] {'{', '"', (byte) 0xff, '"', '\n'});
    Files.writeString(
        input,
        "{\"id\": \"r\", \"prompt\": \"a b\", \"max_tokens\": 1}\r\n"
            + "{\"text\": \"a\", \"prompt\": \"a\"}\n{\"prompt\": [1, 2]}",
        StandardOpenOption.APPEND);
    assertThat(tokenize(folder, "--input", input, "--json")).isZero();
    List<Map<?, ?>> outputs = json();
    assertThat(outputs).hasSize(4);
    assertThat(outputs.get(0)).isEqualTo(Map.of("error", "not UTF-8"));
    assertThat(outputs.get(1).get("token_ids")).isEqualTo(List.of(1, 2));
    assertThat(outputs.get(2)).isEqualTo(Map.of("error", "give one of text and messages"));
    assertThat(outputs.get(3)).isEqualTo(Map.of("error", "a field has the wrong type: prompt"));
    assertThat(tokenize(folder, "--messages", file("null"))).isZero();
    assertThat(out.toString()).endsWith("error: not a JSON object\n");
  }

  @Test
  void takesAFileOfMessagesInBothFormsAndAnotherTemplate() throws IOException {
    assertThat(tokenize(folder, "--messages", file("[{\"role\": \"user\", \"content\": \"a\"}]")))
        .isZero();
    assertThat(out.toString()).isEqualTo("a b\n2 tokens: [1, 2]\n");
    Path object =
        file(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}],"
                + " \"chat_template_kwargs\": {\"w\": \"b\"}}");
    Path template = Files.writeString(folder.resolve("other"), "{{ w }} {{ messages[0].role }}");
    assertThat(tokenize(folder, "--messages", object, "--chat-template", template)).isZero();
    assertThat(out.toString()).endsWith("b user\n2 tokens: [2, 3]\n");
  }

  @Test
  void aBrokenTemplateOfTheModelStopsConversationsAlone() throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{% if %}");
    Path input =
        file("{\"text\": \"a\"}\n{\"messages\": [{\"role\": \"u\", \"content\": \"a\"}]}\n");
    assertThat(tokenize(folder, "--input", input, "--json")).isZero();
    assertThat(json().get(0).get("count")).isEqualTo(1);
    assertThat(json().get(1).get("error").toString()).contains("line=1 column=7");
    Path broken = folder.resolve("chat_template.jinja");
    assertThat(tokenize(folder, "--input", input, "--chat-template", broken)).isEqualTo(1);
    assertThat(err.toString()).contains("--chat-template=").contains("line=1 column=7");
  }

  @Test
  void wrongOptionsAndModelsHaveTheirExitCodes() {
    assertThat(tokenize(folder)).isEqualTo(2);
    assertThat(tokenize(folder, "--text", "a", "--input", "b")).isEqualTo(2);
    assertThat(tokenize(folder.resolve("none"), "--text", "a")).isEqualTo(1);
    assertThat(tokenize(folder, "--input", folder.resolve("none"))).isEqualTo(1);
    assertThat(tokenize(TinyModels.directory("llama-gqa-a"), "--text", "a")).isEqualTo(1);
    assertThat(err.toString()).contains("the model has no tokenizer").doesNotContain("\tat ");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void theSampleModelsConversationBecomesItsTokens() throws IOException {
    Path messages = file("[{\"role\": \"user\", \"content\": \"Hi\"}]");
    assertThat(tokenize(SampleModel.require(), "--messages", messages, "--json")).isZero();
    assertThat(json().get(0).get("token_ids"))
        .isEqualTo(
            List.of(
                1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018,
                411, 407, 19712, 8182, 2, 198, 1, 4093, 198, 26843, 2, 198, 1, 520, 9531, 198));
  }
}
