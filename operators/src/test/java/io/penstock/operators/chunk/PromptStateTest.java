package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
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
        .hasMessageContaining("version=2 expected=1");
  }

  @Test
  void bodies() throws Exception {
    there(
        new PromptBodySerializer(),
        new PromptBody(new Random(1).ints(70_000).toArray(), 7, Map.of("k", "v", "", "")));
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
