package io.penstock.operators.admit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import io.penstock.udf.model.TinyModels;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AdmitFunctionHarnessTest {
  private static final int VOCAB = 512;

  @TempDir private Path folder;
  private OneInputStreamOperatorTestHarness<SourceRecord, AdmittedPrompt> harness;

  @AfterEach
  void close() throws Exception {
    if (harness != null) {
      harness.close();
    }
  }

  private void open(Path model) throws Exception {
    open(model, null);
  }

  private void open(Path model, String chatTemplate) throws Exception {
    AdmitSpec spec =
        new AdmitSpec(model.toString(), RecordFormat.JSON, 100, 64, VOCAB, chatTemplate);
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(new AdmitFunction(spec)), new SourceRecordSerializer());
    harness.open();
  }

  /** A tiny model with a tokenizer of a handful of words. */
  private Path modelWithTokenizer() throws Exception {
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
    return folder;
  }

  private void process(long offset, String json) throws Exception {
    SourceRecord record =
        new SourceRecord(
            "prompts",
            2,
            offset,
            1000 + offset,
            new byte[] {9},
            json.getBytes(StandardCharsets.UTF_8),
            List.of(new SourceRecord.Header("h", new byte[] {7})));
    harness.processElement(new StreamRecord<>(record));
  }

  private List<DeadLetter> deadLetters() {
    var letters = harness.getSideOutput(AdmitFunction.DEAD_LETTERS);
    return letters == null ? List.of() : letters.stream().map(StreamRecord::getValue).toList();
  }

  @Test
  void brokenRecordsGoAsideAndTheOthersGoOnInOrder() throws Exception {
    open(modelWithTokenizer());
    process(0, "{\"request_id\":\"r0\",\"text\":\"b a b\"}");
    process(1, "nonsense");
    process(2, "{\"request_id\":\"r2\",\"token_ids\":[511]}");
    process(3, "{\"request_id\":\"r3\",\"token_ids\":[512]}");
    process(4, "{\"request_id\":\"r4\",\"text\":\"a\"}");
    List<AdmittedPrompt> admitted = harness.extractOutputValues();
    assertThat(admitted).extracting(AdmittedPrompt::requestId).containsExactly("r0", "r2", "r4");
    assertThat(admitted.get(0).tokenIds()).containsExactly(2, 1, 2);
    assertThat(admitted.get(0).arrivalMillis()).isEqualTo(1000);
    assertThat(deadLetters())
        .extracting(DeadLetter::getReasonCode)
        .containsExactly(ReasonCode.UNREADABLE_RECORD, ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY);
  }

  @Test
  void aDeadLetterHoldsTheRecordAsItCame() throws Exception {
    open(TinyModels.directory("llama-gqa-a"));
    String json = "{\"request_id\":\"r5\",\"text\":\"words\"}";
    process(5, json);
    assertThat(harness.extractOutputValues()).isEmpty();
    DeadLetter letter = deadLetters().get(0);
    assertThat(letter.getReasonCode()).isEqualTo(ReasonCode.NO_TOKENIZER);
    assertThat(letter.getRequestId()).isEqualTo("r5");
    assertThat(letter.getOriginalKey()).isEqualTo(ByteBuffer.wrap(new byte[] {9}));
    assertThat(letter.getOriginalValue())
        .isEqualTo(ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8)));
    assertThat(letter.getOriginalHeaders())
        .containsExactly(new RecordHeader("h", ByteBuffer.wrap(new byte[] {7})));
    assertThat(letter.getTopic()).isEqualTo("prompts");
    assertThat(letter.getPartition()).isEqualTo(2);
    assertThat(letter.getOffset()).isEqualTo(5);
    assertThat(letter.getMessage()).doesNotContain("words");
  }

  @Test
  void aTokenizerThatCannotBeUsedRefusesTextsAndTellsWhy() throws Exception {
    Path model = modelWithTokenizer();
    Files.writeString(model.resolve("tokenizer.json"), "{}");
    open(model);
    process(0, "{\"request_id\":\"r0\",\"text\":\"words\"}");
    process(1, "{\"request_id\":\"r1\",\"token_ids\":[1]}");
    assertThat(harness.extractOutputValues())
        .extracting(AdmittedPrompt::requestId)
        .containsExactly("r1");
    assertThat(deadLetters())
        .extracting(DeadLetter::getReasonCode)
        .containsExactly(ReasonCode.NO_TOKENIZER);
    assertThat(deadLetters().get(0).getMessage())
        .contains("tokenizer.json")
        .doesNotContain("words");
  }

  private static final String CHAT =
      "{\"request_id\":\"r0\",\"messages\":[{\"role\":\"user\",\"content\":\"b\"}]}";

  @Test
  void messagesAreRenderedByTheModelsTemplateOrTheJobs() throws Exception {
    Path model = modelWithTokenizer();
    Files.writeString(model.resolve("chat_template.jinja"), "a {{ messages[0].content }}");
    open(model);
    process(0, CHAT);
    assertThat(harness.extractOutputValues().get(0).tokenIds()).containsExactly(1, 2);
    harness.close();
    open(model, "{{ messages[0].content }} b a");
    process(0, CHAT);
    assertThat(harness.extractOutputValues().get(0).tokenIds()).containsExactly(2, 2, 1);
  }

  @Test
  void aTemplateThatCannotBeUsedRefusesMessagesAlone() throws Exception {
    Path model = modelWithTokenizer();
    Files.writeString(model.resolve("chat_template.jinja"), "a\n{% if %}");
    open(model);
    process(0, CHAT);
    process(1, "{\"request_id\":\"r1\",\"text\":\"a b\"}");
    assertThat(harness.extractOutputValues())
        .extracting(AdmittedPrompt::requestId)
        .containsExactly("r1");
    assertThat(deadLetters().get(0).getReasonCode()).isEqualTo(ReasonCode.NO_CHAT_TEMPLATE);
    assertThat(deadLetters().get(0).getMessage()).contains("line=2 column=7");
  }

  @Test
  void aModelThatIsNotThereFailsTheTask() {
    assertThat(catchThrowable(() -> open(folder.resolve("nowhere"))))
        .hasMessageContaining("nowhere");
  }
}
