package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.schemas.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** What of a prompt is kept in state, as bytes. */
final class PromptStateTest {

  private static <T> byte[] bytes(TypeSerializer<T> serializer, T value) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(16);
    serializer.serialize(value, out);
    return out.getCopyOfBuffer();
  }

  private static <T> void there(TypeSerializer<T> serializer, T value) throws IOException {
    byte[] bytes = bytes(serializer, value);
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    assertThat(serializer.deserialize(in)).usingRecursiveComparison().isEqualTo(value);
    assertThat(in.available()).as("bytes left").isZero();
    assertThat(serializer.snapshotConfiguration().restoreSerializer()).isEqualTo(serializer);
    bytes[0]++;
    assertThatThrownBy(() -> serializer.deserialize(new DataInputDeserializer(bytes)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version=" + bytes[0] + " expected=");
  }

  @Test
  void bodies() throws Exception {
    List<RecordHeader> headers =
        List.of(new RecordHeader("ce_id", ByteBuffer.wrap(new byte[] {1})), header("ce_x", null));
    there(
        new PromptBodySerializer(),
        new PromptBody(new Random(1).ints(70_000).toArray(), 7, Map.of("k", "v", "", ""), headers));
  }

  private static RecordHeader header(String key, ByteBuffer value) {
    return new RecordHeader(key, value);
  }

  /** Two tokens, 7 logits, one label: as a savepoint of the first version has it. */
  @Test
  void bodiesOfTheFirstVersionAreRead() throws Exception {
    byte[] first =
        HexFormat.of()
            .parseHex(
                "01 00000002 00000005 00000006 00000007 00000001"
                    .concat(" 00000001 6b 00000001 76")
                    .replace(" ", ""));
    DataInputDeserializer in = new DataInputDeserializer(first);
    assertThat(new PromptBodySerializer().deserialize(in))
        .usingRecursiveComparison()
        .isEqualTo(new PromptBody(new int[] {5, 6}, 7, Map.of("k", "v"), List.of()));
    assertThat(in.available()).isZero();
  }

  @Test
  void progress() throws Exception {
    there(new ProgressSerializer(), new Progress(1L << 40, -5, 9, true, 3));
    there(new ProgressSerializer(), new Progress(0, 1L << 41, 1 << 20, false, 0));
  }

  /** Written by every chunk, so it is small whatever the prompt's size. */
  @Test
  void progressIsSmall() throws Exception {
    Progress progress = new Progress(1, 2, 1 << 20, true, 1 << 19);
    assertThat(bytes(new ProgressSerializer(), progress)).hasSizeLessThan(32);
  }
}
