package io.penstock.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonCodecTest {
  private static final String SECRET = "xyzzy";

  @Test
  void whatIsLeftOutGetsItsDefault() throws UnreadableRecordException {
    Prompt prompt = JsonCodec.PROMPT.decode("{\"text\": \"hello\", \"request_id\": \"a\"}");
    assertThat(prompt).isEqualTo(Prompt.newBuilder().setRequestId("a").setText("hello").build());
    assertThat(prompt.getMaxNewTokens()).isEqualTo(1);
    assertThat(prompt.getMetadata()).isEmpty();
  }

  @Test
  void openAisNamesAreUnderstood() throws UnreadableRecordException {
    assertThat(JsonCodec.PROMPT.decode("{\"request_id\":\"a\",\"prompt\":\"x\",\"max_tokens\":1}"))
        .isEqualTo(Prompt.newBuilder().setRequestId("a").setText("x").build());
    assertThat(JsonCodec.PROMPT.decode("{\"request_id\":\"a\",\"prompt\":[1,2]}").getTokenIds())
        .containsExactly(1, 2);
  }

  @Test
  void fieldsOfOpenAisThatChangeNothingAreLetThrough() throws UnreadableRecordException {
    String line =
        """
        {"id":"a","prompt":"x","n":1,"stream":false,"temperature":0.0,"top_p":1.0,"stop":null,"model":null,
         "logprobs":false,"logit_bias":null,"presence_penalty":0,"echo":null}
        """;
    assertThat(JsonCodec.PROMPT.decode(line))
        .isEqualTo(Prompt.newBuilder().setRequestId("a").setText("x").build());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "temperature":0.7        | field=temperature supported=0
          "temperature":"0"        | field=temperature supported=0
          "n":2                    | field=n supported=1
          "n":true                 | field=n supported=1
          "n":1e999                | field=n supported=1
          "stream":true            | field=stream supported=false
          "stream":0               | field=stream supported=false
          "stop":["xyzzy"]         | field=stop
          "model":"xyzzy"          | field=model; a job runs one model
          "top_logprobs":5         | field=top_logprobs; top_logits returns
          "stream_options":{"x":1} | field=stream_options
          """)
  void otherFieldsOfOpenAisAreRefusedAsNotSupported(String member, String message) {
    UnreadableRecordException refused = refused("{" + member + ",\"request_id\":\"a\"}");
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNSUPPORTED_FIELD);
    assertThat(refused.requestId()).isEqualTo("a");
    assertThat(refused)
        .hasMessageStartingWith("field is not supported: " + message)
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void theFirstThingThatIsWrongIsTold() {
    UnreadableRecordException refused = refused("{\"txt\":1,\"n\":2,\"request_id\":\"a\"}");
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNREADABLE_RECORD);
    assertThat(refused).hasMessageContaining("unknown field: field=txt");
    refused = refused("{\"n\":2,\"txt\":1,\"request_id\":\"a\"}");
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNSUPPORTED_FIELD);
    assertThat(refused).hasMessageContaining("field=n");
  }

  @Test
  void aDefaultStandsForARequestIdThatIsMissing() throws UnreadableRecordException {
    for (String line : List.of("{\"text\":\"x\"}", "{\"text\":\"x\",\"request_id\":null}")) {
      assertThat(JsonCodec.PROMPT.decode(line.getBytes(StandardCharsets.UTF_8), "key"))
          .isEqualTo(Prompt.newBuilder().setRequestId("key").setText("x").build());
    }
    byte[] own = "{\"id\":\"own\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(JsonCodec.PROMPT.decode(own, "key").getRequestId()).isEqualTo("own");
    byte[] empty = "{\"id\":\"\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(JsonCodec.PROMPT.decode(empty, "key").getRequestId()).isEmpty();
  }

  @Test
  void aPromptIsWrittenWithAllItsFields() {
    Prompt prompt =
        Prompt.newBuilder()
            .setRequestId("a")
            .setTokenIds(List.of(1, 2))
            .setMetadata(Map.of("k", "v"))
            .build();
    assertThat(JsonCodec.PROMPT.encodeToString(prompt))
        .isEqualTo(
            "{\"request_id\":\"a\",\"routing_key\":null,\"text\":null,\"token_ids\":[1,2],"
                + "\"max_new_tokens\":1,\"top_logits\":0,\"metadata\":{\"k\":\"v\"},"
                + "\"messages\":null,\"tools\":null,\"documents\":null,"
                + "\"add_generation_prompt\":true,\"chat_template_kwargs\":null}");
  }

  @Test
  void messagesAreReadAndWrittenInOpenAisForm() throws UnreadableRecordException {
    String line =
        """
        {"request_id": "a", "messages": [
          {"role": "user", "content": "hi", "name": "x y"},
          {"role": "assistant", "content": null,
           "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{\\"z\\": 1.50}"}}]},
          {"role": "assistant", "more": 1e-2},
          {"role": "user", "content": [{"type": "text", "text": "caf\\u00e9"}]}
         ],
         "tools": [ {"type": "function"} ], "documents": null,
         "add_generation_prompt": false, "chat_template_kwargs": {"enable_thinking": false}}
        """;
    Prompt prompt = JsonCodec.PROMPT.decode(line);
    assertThat(prompt.getMessages())
        .containsExactly(
            new ChatMessage("user", "hi", "{\"name\":\"x y\"}"),
            new ChatMessage(
                "assistant",
                null,
                "{\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"function\":"
                    + "{\"name\":\"f\",\"arguments\":\"{\\\"z\\\": 1.50}\"}}]}"),
            new ChatMessage("assistant", null, "{\"more\":1e-2}"),
            new ChatMessage("user", null, "{\"content\":[{\"type\":\"text\",\"text\":\"café\"}]}"));
    assertThat(prompt.getTools()).isEqualTo("[{\"type\":\"function\"}]");
    assertThat(prompt.getDocuments()).isNull();
    assertThat(prompt.getAddGenerationPrompt()).isFalse();
    assertThat(prompt.getChatTemplateKwargs()).isEqualTo("{\"enable_thinking\":false}");
    String written = JsonCodec.PROMPT.encodeToString(prompt);
    assertThat(written)
        .contains(
            "\"messages\":[{\"role\":\"user\",\"content\":\"hi\",\"name\":\"x y\"},",
            "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[",
            "{\"role\":\"assistant\",\"more\":1e-2}",
            "\"tools\":[{\"type\":\"function\"}],\"documents\":null");
    assertThat(JsonCodec.PROMPT.decode(written)).isEqualTo(prompt);
    assertThat(AvroCodec.PROMPT.decode(AvroCodec.PROMPT.encode(prompt))).isEqualTo(prompt);
  }

  @Test
  void jsonThatIsNoneIsNotWritten() {
    Prompt prompt = Prompt.newBuilder().setRequestId("a").setTools("[xyzzy").build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonCodec.PROMPT.encode(prompt))
        .withMessage("not JSON: field=tools")
        .withNoCause();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"text":"xyzzy"} | EMPTY_REQUEST_ID | request_id is missing
          {"request_id":null,"text":"xyzzy"} | EMPTY_REQUEST_ID | request_id is missing
          {"request_id":7} | UNREADABLE_RECORD | field=request_id found=a whole number
          """)
  void withoutARequestId(String line, ReasonCode code, String message) {
    UnreadableRecordException refused = refused(line);
    assertThat(refused.reasonCode()).isEqualTo(code);
    assertThat(refused.requestId()).isNull();
    assertThat(refused).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"txt":"xyzzy","request_id":"a"} | unknown field: field=txt
          {"txt":{"xyzzy":[1,{}]},"request_id":"a"} | unknown field: field=txt
          {"text":1,"request_id":"a"} | null or a string of valid characters: field=text found=a whole number
          {"text":"xyzzy\\ud800","request_id":"a"} | field=text found=a string
          {"token_ids":"xyzzy","request_id":"a"} | an array: field=token_ids found=a string
          {"token_ids":[1,"xyzzy"],"request_id":"a"} | field=token_ids[] found=a string
          {"token_ids":[1,2.0],"request_id":"a"} | field=token_ids[] found=a number
          {"token_ids":[2147483648],"request_id":"a"} | 32 bits: field=token_ids[]
          {"token_ids":[null],"request_id":"a"} | field=token_ids[] found=null
          {"max_new_tokens":null,"request_id":"a"} | field=max_new_tokens found=null
          {"max_new_tokens":1,"max_tokens":1,"request_id":"a"} | given twice: field=max_new_tokens
          {"text":"xyzzy","text":"xyzzy","request_id":"a"} | given twice: field=text
          {"messages":[{"role":"user","content":7}],"request_id":"a"} | field=messages[].content found=a whole number
          {"messages":[{"role":"user","content":{"xyzzy":1}}],"request_id":"a"} | field=messages[].content found=an object
          {"messages":[{"role":null}],"request_id":"a"} | field=messages[].role found=null
          {"messages":[{"content":"xyzzy"}],"request_id":"a"} | missing: field=messages[].role
          {"messages":[{"role":"user","content":"xyzzy","content":null}],"request_id":"a"} | given twice: field=messages[].content
          {"messages":[{"role":"user","content":[],"content":"xyzzy"}],"request_id":"a"} | given twice: field=messages[].content
          {"messages":[{"role":"user","x":1,"x":2}],"request_id":"a"} | has a name twice in one object: field=messages[].x
          {"messages":[{"role":"user","x":[{"y":"\\ud800"}]}],"request_id":"a"} | invalid characters: field=messages[].x
          {"messages":["xyzzy"],"request_id":"a"} | an object: field=messages[] found=a string
          {"tools":"[]","request_id":"a"} | null or an array: field=tools found=a string
          {"tools":[{"xyzzy":1,"xyzzy":2}],"request_id":"a"} | has a name twice in one object: field=tools
          {"chat_template_kwargs":[],"request_id":"a"} | null or an object: field=chat_template_kwargs found=an array
          {"metadata":{"k":1},"request_id":"a"} | field=metadata.* found=a whole number
          {"metadata":{"k":"xyzzy","k":"v"},"request_id":"a"} | entry is given twice: field=metadata
          {"metadata":[],"request_id":"a"} | an object: field=metadata found=an array
          {"request_id":"a","text":"xyzzy"} xyzzy | not valid JSON
          {"request_id":"a","text":"xyzzy"} {} | something follows
          {"request_id":"a","text":xyzzy} | not valid JSON
          {"request_id":"a","text":"xyzzy | not valid JSON
          """)
  void aProblemIsNamedAndTheRequestIdKept(String line, String message) {
    UnreadableRecordException refused = refused(line);
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNREADABLE_RECORD);
    assertThat(refused.requestId()).isEqualTo("a");
    assertThat(refused).hasMessageContaining(message).hasMessageNotContaining(SECRET).hasNoCause();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "xyzzy", "[]", "7", "null", "\"xyzzy\"", "{\"xyzzy", "\u0000"})
  void whatIsNoObjectIsUnreadable(String line) {
    UnreadableRecordException refused = refused(line);
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNREADABLE_RECORD);
    assertThat(refused).hasMessageNotContaining(SECRET).hasNoCause();
  }

  @Test
  void onlyUtf8IsRead() {
    String line = "{\"request_id\":\"a\",\"text\":\"xyzzy\"}";
    for (Charset charset :
        List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, Charset.forName("UTF-32"))) {
      assertThat(refused(line.getBytes(charset))).hasMessageContaining("not valid JSON");
    }
    byte[] latin = "{\"request_id\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(refused(latin)).hasMessageContaining("not UTF-8");
  }

  @Test
  void depthAndNumbersAreBounded() throws UnreadableRecordException {
    assertThat(refused("{\"x\":" + "[".repeat(100_000))).hasMessageContaining("field=x");
    String tools = "{\"request_id\":\"a\",\"tools\":%s%s}";
    assertThat(JsonCodec.PROMPT.decode(tools.formatted("[".repeat(63), "]".repeat(63))).getTools())
        .hasSize(126);
    assertThat(refused(tools.formatted("[".repeat(64), "]".repeat(64))))
        .hasMessageContaining("limits on length and depth");
    assertThat(refused("{\"request_id\":\"a\",\"top_logits\":" + "9".repeat(100_000) + "}"))
        .hasMessageContaining("limits");
    assertThat(refused("{\"" + "x".repeat(1000) + "\":1}").getMessage()).hasSizeLessThan(200);
  }

  @Test
  void aTextOfManyMegabytesIsRead() throws UnreadableRecordException {
    String text = "word ".repeat(8 << 20);
    assertThat(
            JsonCodec.PROMPT.decode("{\"request_id\":\"a\",\"text\":\"" + text + "\"}").getText())
        .isEqualTo(text);
  }

  @Test
  void noValueIsUnreadable() {
    assertThat(refused((byte[]) null)).hasMessageContaining("no value");
  }

  @Test
  void aResultNewerThanThisReaderHasAnotherStatus() throws UnreadableRecordException {
    PrefillResult result = new Samples(new Random(1)).result();
    String line =
        JsonCodec.PREFILL_RESULT
            .encodeToString(result)
            .replace("\"" + result.getStatus() + "\"", "\"postponed\"");
    assertThat(JsonCodec.PREFILL_RESULT.decode(line).getStatus()).isEqualTo(ResultStatus.other);
  }

  @Test
  void aMissingFieldWithoutDefaultIsNamed() {
    assertThat(
            catchThrowableOfType(
                UnreadableRecordException.class,
                () -> JsonCodec.PREFILL_RESULT.decode("{\"request_id\":\"a\",\"ttft_ms\":{}}")))
        .hasMessageContaining("field is missing: field=ttft_ms.total");
  }

  @Test
  void theAnswerToALineThatIsNoPrompt() {
    assertThat(new LineError(null, 3, ReasonCode.UNREADABLE_RECORD, "why").toJson())
        .isEqualTo(
            "{\"request_id\":null,\"line\":3,"
                + "\"error\":{\"reason_code\":\"UNREADABLE_RECORD\",\"message\":\"why\"}}");
    DeadLetter letter =
        DeadLetter.newBuilder()
            .setRequestId("a")
            .setOriginalKey(null)
            .setOriginalValue(ByteBuffer.allocate(0))
            .setOriginalHeaders(List.of())
            .setReasonCode(ReasonCode.NO_TOKENS)
            .setMessage("none")
            .setTopic("prompts.jsonl")
            .setPartition(0)
            .setOffset(7)
            .build();
    assertThat(LineError.of(letter)).isEqualTo(new LineError("a", 7, ReasonCode.NO_TOKENS, "none"));
  }

  private static UnreadableRecordException refused(String line) {
    return catchThrowableOfType(
        UnreadableRecordException.class, () -> JsonCodec.PROMPT.decode(line));
  }

  private static UnreadableRecordException refused(byte[] bytes) {
    return catchThrowableOfType(
        UnreadableRecordException.class, () -> JsonCodec.PROMPT.decode(bytes));
  }
}
