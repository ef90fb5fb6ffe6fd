package io.penstock.operators.admit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.ChatMessage;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import io.penstock.udf.model.ChatFormat;
import io.penstock.udf.model.ChatSource;
import io.penstock.udf.model.Tokenizer;
import io.penstock.udf.model.template.TemplateException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class AdmissionTest {
  private static final int CONTEXT = 100;
  private static final int KV = 64;
  private static final int VOCAB = 50;
  private static final String SECRET = "secret";

  /** One token for each character: its distance from 'a'. */
  private static final class Letters implements Tokenizer {
    @Override
    public int[] encode(String text) {
      if (text.contains("!")) {
        throw new IllegalStateException("cannot encode " + text);
      }
      return text.replace(" ", "").chars().map(letter -> letter - 'a').toArray();
    }

    @Override
    public String decode(int... tokenIds) {
      throw new AssertionError("nothing is to be decoded here");
    }

    @Override
    public void close() {}
  }

  private RecordFormat format = RecordFormat.AVRO;
  private Tokenizer tokenizer = new Letters();
  private int vocab = VOCAB;
  private long timestampMillis = 1234;
  private ChatRenderer chat = ChatRenderer.of(null, Clock.systemUTC());
  private byte[] key;
  private List<SourceRecord.Header> headers = List.of();

  private static Prompt prompt(
      String id, String key, String text, List<Integer> ids, int maxNew, int topLogits) {
    return Prompt.newBuilder()
        .setRequestId(id)
        .setRoutingKey(key)
        .setText(text)
        .setTokenIds(ids)
        .setMaxNewTokens(maxNew)
        .setTopLogits(topLogits)
        .setMetadata(Map.of("team", "blue"))
        .build();
  }

  private static Prompt text(String text) {
    return prompt("r1", null, text, null, 1, 0);
  }

  private static Prompt ids(Integer... ids) {
    return prompt("r1", null, null, List.of(ids), 1, 0);
  }

  private SourceRecord record(byte[] value) {
    return new SourceRecord("prompts", 3, 17, timestampMillis, key, value, headers);
  }

  private SourceRecord record(Prompt prompt) {
    return record(
        format == RecordFormat.AVRO
            ? AvroCodec.PROMPT.encode(prompt)
            : JsonCodec.PROMPT.encode(prompt));
  }

  private AdmittedPrompt admit(SourceRecord record) throws RefusedException {
    AdmitSpec spec = new AdmitSpec("model", format, CONTEXT, KV, vocab, null);
    return new Admission(spec, tokenizer, chat).admit(record);
  }

  private RefusedException refusal(SourceRecord record, ReasonCode reason) {
    RefusedException refused = catchThrowableOfType(RefusedException.class, () -> admit(record));
    assertThat(refused).as("refused").isNotNull();
    assertThat(refused.reason()).isEqualTo(reason);
    assertThat(refused.getMessage()).isNotBlank().doesNotContain(SECRET);
    return refused;
  }

  private void refused(Prompt prompt, ReasonCode reason, String message) {
    RefusedException refused = refusal(record(prompt), reason);
    assertThat(refused).hasMessage(message);
    assertThat(refused.requestId()).isEqualTo(prompt.getRequestId());
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void admitsTextAndIdsInBothFormats(RecordFormat each) throws Exception {
    format = each;
    SourceRecord record = record(prompt("r1", "key", "a bc", null, 1, 5));
    AdmittedPrompt admitted = admit(record);
    assertThat(admitted.requestId()).isEqualTo("r1");
    assertThat(admitted.routingKey()).isEqualTo("key");
    assertThat(admitted.tokenIds()).containsExactly(0, 1, 2);
    assertThat(admitted.topLogits()).isEqualTo(5);
    assertThat(admitted.metadata()).isEqualTo(Map.of("team", "blue"));
    assertThat(admitted.arrivalMillis()).isEqualTo(1234);
    assertThat(admitted.origin()).isSameAs(record);
    assertThat(admit(record(ids(49, 0))).tokenIds()).containsExactly(49, 0);
  }

  @Test
  void withoutARoutingKeyTheRequestIdIsTheKey() throws Exception {
    assertThat(admit(record(prompt("r1", null, "a", null, 1, 0))).routingKey()).isEqualTo("r1");
    assertThat(admit(record(prompt("r1", "", "a", null, 1, 0))).routingKey()).isEqualTo("r1");
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void refusesWhatCannotBeRead(RecordFormat each) {
    format = each;
    refusal(record(new byte[] {1, 2, 3}), ReasonCode.UNREADABLE_RECORD);
    refusal(record(new byte[0]), ReasonCode.UNREADABLE_RECORD);
    refusal(record((byte[]) null), ReasonCode.UNREADABLE_RECORD);
  }

  @Test
  void refusesAnUnknownSchema() {
    byte[] value = AvroCodec.PROMPT.encode(text(SECRET));
    value[4]++;
    refusal(record(value), ReasonCode.UNKNOWN_SCHEMA);
  }

  @Test
  void tellsTheIdOfAnUnreadableJsonRecordIfItCan() {
    format = RecordFormat.JSON;
    byte[] value = "{\"request_id\":\"r9\",\"text\":[\"secret\"]}".getBytes(StandardCharsets.UTF_8);
    assertThat(refusal(record(value), ReasonCode.UNREADABLE_RECORD).requestId()).isEqualTo("r9");
  }

  @Test
  void inJsonTheKeyStandsForAMissingId() throws Exception {
    format = RecordFormat.JSON;
    byte[] value = "{\"text\":\"a\"}".getBytes(StandardCharsets.UTF_8);
    refusal(record(value), ReasonCode.EMPTY_REQUEST_ID);
    key = "caf\u00e9".getBytes(StandardCharsets.UTF_8);
    assertThat(admit(record(value)).requestId()).isEqualTo("caf\u00e9");
    key = "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
    refusal(record(value), ReasonCode.EMPTY_REQUEST_ID);
    key = new byte[0];
    refusal(record(value), ReasonCode.EMPTY_REQUEST_ID);
  }

  @Test
  void saysWhichFormatARecordSeemsToBeIn() {
    byte[] json = JsonCodec.PROMPT.encode(text(SECRET));
    assertThat(refusal(record(json), ReasonCode.UNREADABLE_RECORD))
        .hasMessageEndingWith("; it looks like JSON, for a job with --prompt-format json");
    format = RecordFormat.JSON;
    byte[] avro = AvroCodec.PROMPT.encode(text(SECRET));
    assertThat(refusal(record(avro), ReasonCode.UNREADABLE_RECORD))
        .hasMessageEndingWith("; it looks like Avro, for a job with --prompt-format avro");
  }

  @Test
  void refusesAnEmptyId() {
    RefusedException refused =
        refusal(record(prompt("", null, SECRET, null, 1, 0)), ReasonCode.EMPTY_REQUEST_ID);
    assertThat(refused.requestId()).isNull();
  }

  @Test
  void refusesLabelsAboveTheBoundWithTheNumbers() throws Exception {
    int left = (64 << 10) - "r1".length() - "key".length() - "team".length();
    // two bytes each in UTF-8
    String most = "\u00e9".repeat(left / 2) + "x".repeat(left % 2);
    assertThat(admit(record(labelled("r1", most))).metadata()).containsEntry("team", most);
    refused(
        labelled("r1", most + "x"),
        ReasonCode.LABELS_TOO_LARGE,
        "request_id, routing_key, metadata and carried headers are too large together:"
            + " bytes=65537 most=65536 metadata_entries=1 carried_headers=0");
    headers = List.of(new SourceRecord.Header("mine", new byte[1]));
    assertThat(admit(record(labelled("r1", most))).headers()).isEmpty();
    headers = List.of(new SourceRecord.Header("ce_id", new byte[1]));
    refused(
        labelled("r1", most),
        ReasonCode.LABELS_TOO_LARGE,
        "request_id, routing_key, metadata and carried headers are too large together:"
            + " bytes=65542 most=65536 metadata_entries=1 carried_headers=1");
  }

  @Test
  void headersOfTracesAndCloudEventsAreCarried() throws Exception {
    headers =
        List.of(
            new SourceRecord.Header("ce_id", new byte[] {'7'}),
            new SourceRecord.Header("content-type", new byte[] {1}),
            new SourceRecord.Header("traceparent", new byte[] {'0', '0'}),
            new SourceRecord.Header("ce_subject", null),
            new SourceRecord.Header("TRACEPARENT", new byte[] {2}),
            new SourceRecord.Header("tracestate", new byte[0]));
    assertThat(admit(record(text("a"))).headers())
        .containsExactly(
            new RecordHeader("ce_id", ByteBuffer.wrap(new byte[] {'7'})),
            new RecordHeader("traceparent", ByteBuffer.wrap(new byte[] {'0', '0'})),
            new RecordHeader("ce_subject", null),
            new RecordHeader("tracestate", ByteBuffer.allocate(0)));
  }

  @Test
  void repeatsNoIdThatIsTooLongItself() {
    String large = "x".repeat(64 << 10);
    ReasonCode reason = ReasonCode.LABELS_TOO_LARGE;
    String longest = "i".repeat(1 << 10);
    assertThat(refusal(record(labelled(longest, large)), reason).requestId()).isEqualTo(longest);
    assertThat(refusal(record(labelled(longest + "i", large)), reason).requestId()).isNull();
  }

  private static Prompt labelled(String id, String team) {
    return Prompt.newBuilder()
        .setRequestId(id)
        .setRoutingKey("key")
        .setText("a")
        .setMetadata(Map.of("team", team))
        .build();
  }

  @Test
  void forAnImpossibleTimestampTheTimeOfReadingIsTaken() throws Exception {
    long before = System.currentTimeMillis();
    timestampMillis = -1;
    assertThat(admit(record(text("a"))).arrivalMillis())
        .isBetween(before, System.currentTimeMillis());
    timestampMillis = Long.MAX_VALUE;
    assertThat(admit(record(text("a"))).arrivalMillis())
        .isBetween(before, System.currentTimeMillis());
  }

  @Test
  void refusesNeitherAndBoth() {
    refused(
        prompt("r1", null, null, null, 1, 0),
        ReasonCode.NO_TEXT_OR_TOKEN_IDS,
        "none of text, token_ids and messages is given; give one of them");
    refused(
        prompt("r1", null, SECRET, List.of(1), 1, 0),
        ReasonCode.BOTH_TEXT_AND_TOKEN_IDS,
        "text and token_ids are given; give one of them");
    refused(
        Prompt.newBuilder(chat("r1")).setTokenIds(List.of(1)).build(),
        ReasonCode.BOTH_TEXT_AND_TOKEN_IDS,
        "token_ids and messages are given; give one of them");
  }

  private static Prompt chat(String id) {
    return Prompt.newBuilder()
        .setRequestId(id)
        .setMessages(List.of(new ChatMessage("user", SECRET, null)))
        .build();
  }

  private static ChatRenderer renderer(String template) throws TemplateException {
    ChatSource source = new ChatSource(Optional.of(template), Optional.empty(), Map.of());
    return ChatRenderer.of(ChatFormat.of(source).orElseThrow(), Clock.systemUTC());
  }

  private static Prompt chat(String content, String more) {
    return Prompt.newBuilder()
        .setRequestId("r1")
        .setMessages(List.of(new ChatMessage("user", content, more)))
        .build();
  }

  @Test
  void admitsMessagesAsTheTemplateRendersThem() throws Exception {
    chat =
        renderer(
            "{% for m in messages %}{{ m.content }}{{ m.name }}{% endfor %}{{ tools|join }}"
                + "{{ 'g' if add_generation_prompt }}{{ extra }}");
    Prompt.Builder prompt =
        Prompt.newBuilder(chat("b", "{\"name\":\"c\"}"))
            .setTools("[\"d\",\"e\"]")
            .setChatTemplateKwargs("{\"extra\":\"h\"}");
    assertThat(admit(record(prompt.build())).tokenIds()).containsExactly(1, 2, 3, 4, 6, 7);
    prompt.setAddGenerationPrompt(false);
    assertThat(admit(record(prompt.build())).tokenIds()).containsExactly(1, 2, 3, 4, 7);
  }

  @Test
  void admitsContentThatIsAListOfParts() throws Exception {
    chat = renderer("{% for part in messages[0].content %}{{ part.text }}{% endfor %}");
    Prompt prompt = chat(null, "{\"content\":[{\"type\":\"text\",\"text\":\"bc\"}]}");
    assertThat(admit(record(prompt)).tokenIds()).containsExactly(1, 2);
  }

  @Test
  void refusesMessagesWithoutATemplate() {
    refused(
        chat("r1"),
        ReasonCode.NO_CHAT_TEMPLATE,
        "the model came without a chat template, so messages cannot be rendered; send text or"
            + " token_ids, or start the job with --chat-template");
    chat = ChatRenderer.without("line=1 column=2: broken");
    assertThat(refusal(record(chat("r1")), ReasonCode.NO_CHAT_TEMPLATE))
        .hasMessageEndingWith("--chat-template: line=1 column=2: broken");
  }

  @Test
  void refusesWhatTheTemplateDoesNotTakeWithoutQuotingIt() throws Exception {
    chat = renderer("\n{{ raise_exception('Only system, not ' ~ messages[0].content) }}");
    refused(
        chat("r1"),
        ReasonCode.CHAT_TEMPLATE_FAILED,
        "the chat template failed: line=2 column=4: the template refused the conversation"
            + " (raise_exception)");
    chat = renderer("{{ messages[0][messages[0].content].x }}");
    refusal(record(chat("r1")), ReasonCode.CHAT_TEMPLATE_FAILED);
    chat = renderer("{{ messages[0].mood }}");
    refused(
        chat(SECRET, "{\"tone\":1}"),
        ReasonCode.UNSUPPORTED_FIELD,
        "a message has a member that the chat template does not read: message=0 member=tone");
    refused(
        chat(null, null),
        ReasonCode.CHAT_TEMPLATE_FAILED,
        "a message has neither content nor tool_calls: message=0");
  }

  @Test
  void refusesAConversationOfMoreValuesThanTheHeapShouldHold() throws Exception {
    chat = renderer("{{ messages[0].content }}");
    // the array, its items and the message
    String most = "[" + "0,".repeat(ChatRenderer.MAX_VALUES - 3) + "0]";
    Prompt.Builder prompt = Prompt.newBuilder(chat("b", null)).setTools(most);
    assertThat(admit(record(prompt.build())).tokenIds()).containsExactly(1);
    refused(
        prompt.setDocuments("[]").build(),
        ReasonCode.CHAT_TEMPLATE_FAILED,
        "the conversation has too many messages, members and items: most=200000 messages=1");
    refusal(
        record(chat("b", "{\"name\":[" + "{},".repeat(ChatRenderer.MAX_VALUES) + "0]}")),
        ReasonCode.CHAT_TEMPLATE_FAILED);
  }

  @Test
  void refusesWhatOnlyMessagesNeedWithoutThem() {
    Prompt.Builder text = Prompt.newBuilder(text(SECRET));
    String message = "fields mean something with messages only: given=";
    ReasonCode reason = ReasonCode.CHAT_FIELDS_WITHOUT_MESSAGES;
    refused(Prompt.newBuilder(text).setTools("[]").build(), reason, message + "tools");
    refused(Prompt.newBuilder(text).setDocuments("[]").build(), reason, message + "documents");
    refused(
        Prompt.newBuilder(text).setAddGenerationPrompt(false).setChatTemplateKwargs("{}").build(),
        reason,
        message + "add_generation_prompt=false,chat_template_kwargs");
  }

  @Test
  void refusesPromptsWithoutTokens() {
    refused(
        text(""),
        ReasonCode.NO_TOKENS,
        "text gives no token; a prompt has at least one: text_chars=0");
    refused(
        text("  "),
        ReasonCode.NO_TOKENS,
        "text gives no token; a prompt has at least one: text_chars=2");
    refused(ids(), ReasonCode.NO_TOKENS, "token_ids is empty; a prompt has at least one token");
  }

  @Test
  void withoutATokenizerTakesIdsAndRefusesTexts() throws Exception {
    tokenizer = null;
    assertThat(admit(record(ids(7))).tokenIds()).containsExactly(7);
    refused(
        text(SECRET),
        ReasonCode.NO_TOKENIZER,
        "the model came without a tokenizer, so text cannot be encoded; send token_ids");
    refusal(record(text("")), ReasonCode.NO_TOKENS);
  }

  @Test
  void refusesIdsOutsideTheVocabularyWithoutTellingThem() {
    String message = "token id is outside the vocabulary: position=1 tokens=3 vocab_size=50";
    refused(ids(1, 50, 3), ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY, message);
    refused(ids(1, -1, 3), ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY, message);
    refused(
        text("aAb"), // the tokenizer may know more tokens than the model
        ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY,
        message);
  }

  @Test
  void oneTextThatTheTokenizerFailsOnIsRefusedLikeAnyOther() {
    refused(
        text(SECRET + "!"),
        ReasonCode.UNREADABLE_RECORD,
        "the tokenizer failed on the text: text_chars=7 error=java.lang.IllegalStateException");
  }

  @ParameterizedTest
  @CsvSource({"0", "2", "-1", "2147483647"})
  void refusesAnyOtherNumberOfNewTokensThanOne(int maxNewTokens) {
    refused(
        prompt("r1", null, SECRET, null, maxNewTokens, 0),
        ReasonCode.MAX_NEW_TOKENS_OUT_OF_RANGE,
        "only one new token is supported for now: max_new_tokens=" + maxNewTokens + " supported=1");
  }

  @Test
  void refusesTopLogitsOutOfRange() throws Exception {
    for (int wrong : new int[] {-1, 51, Integer.MIN_VALUE}) {
      refused(
          prompt("r1", null, SECRET, null, 1, wrong),
          ReasonCode.TOP_LOGITS_OUT_OF_RANGE,
          "top_logits is out of range: top_logits=" + wrong + " range=0..50");
    }
    assertThat(admit(record(prompt("r1", null, "a", null, 1, 50))).topLogits()).isEqualTo(50);
    vocab = 5000;
    assertThat(admit(record(prompt("r1", null, "a", null, 1, 1000))).topLogits()).isEqualTo(1000);
    refused(
        prompt("r1", null, SECRET, null, 1, 1001),
        ReasonCode.TOP_LOGITS_OUT_OF_RANGE,
        "top_logits is out of range: top_logits=1001 range=0..1000");
  }

  @Test
  void refusesPromptsLongerThanContextOrPoolWithTheNumbers() throws Exception {
    Integer[] many = Collections.nCopies(101, 1).toArray(new Integer[0]);
    refused(
        ids(many),
        ReasonCode.LONGER_THAN_CONTEXT,
        "prompt is longer than the model's context: prompt_tokens=101 context_tokens=100");
    refused(
        text("a".repeat(65)),
        ReasonCode.LONGER_THAN_KV_POOL,
        "prompt is longer than the KV pool: prompt_tokens=65 kv_pool_tokens=64;"
            + " see --max-total-tokens");
    assertThat(admit(record(text("a".repeat(64)))).tokenIds()).hasSize(64);
  }
}
