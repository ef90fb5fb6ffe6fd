package io.penstock.operators.admit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

final class ValueSerializersTest {
  private static final SourceRecord RECORD =
      new SourceRecord(
          "prompts",
          7,
          1L << 40,
          1_700_000_000_000L,
          null,
          new byte[] {1, 2, 3},
          List.of(new SourceRecord.Header("h", new byte[] {4}), new SourceRecord.Header("", null)));

  private static <T> T there(TypeSerializer<T> serializer, T value) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(16);
    serializer.serialize(value, out);
    DataOutputSerializer copied = new DataOutputSerializer(16);
    serializer.copy(new DataInputDeserializer(out.getCopyOfBuffer()), copied);
    DataInputDeserializer in = new DataInputDeserializer(copied.getCopyOfBuffer());
    T back = serializer.deserialize(in);
    assertThat(in.available()).as("bytes left").isZero();
    byte[] other = out.getCopyOfBuffer();
    other[0]++;
    assertThatThrownBy(() -> serializer.deserialize(new DataInputDeserializer(other)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version=2 expected=1");
    assertThat(serializer.snapshotConfiguration().restoreSerializer()).isEqualTo(serializer);
    return back;
  }

  @Test
  void sourceRecords() throws Exception {
    assertThat(there(new SourceRecordSerializer(), RECORD))
        .usingRecursiveComparison()
        .isEqualTo(RECORD);
  }

  @Test
  void promptsOfAnySizeAndText() throws Exception {
    Random random = new Random(3);
    for (int tokens : new int[] {1, 2047, 2048, 2049, 300_000}) {
      AdmittedPrompt prompt =
          new AdmittedPrompt(
              "r\uD83D\uDE00",
              "k",
              random.ints(tokens).toArray(),
              9,
              Map.of("long", "ü".repeat(40_000), "", ""),
              -1,
              RECORD);
      assertThat(there(new AdmittedPromptSerializer(), prompt))
          .usingRecursiveComparison()
          .isEqualTo(prompt);
    }
  }

  @Test
  void deadLetters() throws Exception {
    for (ReasonCode reason : ReasonCode.values()) {
      for (String id : Arrays.asList("r", null)) {
        DeadLetter letter = DeadLetters.of(RECORD, id, reason, "why");
        assertThat(there(new DeadLetterSerializer(), letter)).isEqualTo(letter);
      }
    }
  }

  @Test
  void typesAreTold() {
    assertThat(AdmitTypes.SOURCE_RECORD.getTypeClass()).isEqualTo(SourceRecord.class);
    assertThat(AdmitTypes.ADMITTED_PROMPT).isNotEqualTo(AdmitTypes.SOURCE_RECORD);
    assertThat(AdmitTypes.DEAD_LETTER.toString()).isEqualTo("DeadLetter");
  }
}
