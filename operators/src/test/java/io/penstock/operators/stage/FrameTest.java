package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

final class FrameTest {
  private final FragmentSerializer serializer = new FragmentSerializer();

  @Test
  void activationsLeaveAsFragmentsOfTheWantedSize() throws Exception {
    List<Integer> lengths = new ArrayList<>();
    FrameWriter writer = new FrameWriter(fragment -> lengths.add(fragment.length()));
    Activations body = Frames.activations(ElementType.F32, 512, 576, new Random(1));
    writer.activations(Frames.header(0, "a", 512, true), body);
    assertThat(lengths).hasSize(3).startsWith(524_288, 524_288);
    assertThat(writer.sentBytes()).isBetween(512 * 576 * 4L, 512 * 576 * 4L + 300);
  }

  @Test
  void aHeaderMayBeLongerThanAFragment() throws Exception {
    int[] pages = new Random(2).ints(200_000).toArray();
    String label = "x".repeat(3_000_000);
    PromptSummary prompt =
        new PromptSummary(
            "p", 1, 2, 3, 0, new int[] {3}, 0, Map.of("label", label), List.of(), null);
    Segment segment = new Segment("p", 0, 3, pages, true);
    FrameHeader header =
        FrameHeader.batch(new ChunkBatch(0, List.of(segment), new int[0]), List.of(prompt));
    Activations body = Frames.activations(ElementType.BF16, 3, 8, new Random(3));
    List<Fragment> fragments = new ArrayList<>();
    new FrameWriter(fragment -> fragments.add(serializer.copy(fragment))).activations(header, body);
    assertThat(fragments).hasSizeGreaterThan(7);
    Frames.Whole read = Frames.read(fragments).get(0);
    assertThat(read.header()).usingRecursiveComparison().isEqualTo(header);
    assertThat(read.body()).isEqualTo(Frames.bytes(body));
  }

  @Test
  void aReleasedArrayIsUsedAgainAndAKeptOneIsNot() throws Exception {
    List<Fragment> fragments = new ArrayList<>();
    Activations body = Frames.activations(ElementType.F32, 4, 64, new Random(4));
    new FrameWriter(100, fragment -> fragments.add(serializer.copy(fragment)))
        .activations(Frames.header(0, "a", 4, false), body);
    Fragment first = Frames.throughWire(fragments.get(0), serializer);
    Fragment second = Frames.throughWire(fragments.get(1), serializer);
    byte[] firstBytes = first.bytes();
    assertThat(second.bytes()).isNotSameAs(firstBytes);
    first.release();
    first.release();
    assertThatThrownBy(first::bytes).isInstanceOf(IllegalStateException.class);
    Fragment third = Frames.throughWire(fragments.get(2), serializer);
    assertThat(third.bytes()).isSameAs(firstBytes);
    assertThat(Arrays.copyOf(second.bytes(), 100)).isEqualTo(fragments.get(1).bytes());
  }

  @Test
  void aFragmentOfAnotherVersionIsRefused() throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(serializer.createInstance(), out);
    byte[] bytes = out.getCopyOfBuffer();
    bytes[0] = 2;
    assertThatThrownBy(() -> serializer.deserialize(new DataInputDeserializer(bytes)))
        .isInstanceOf(FrameException.class)
        .hasMessageContaining("version=2 expected=1");
  }

  @Test
  void aFragmentTooLongIsRefusedBeforeAnythingIsAllocated() throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(64);
    out.writeByte(1);
    out.writeLong(7);
    out.writeInt(2);
    out.writeInt(3);
    out.writeInt(100);
    out.writeInt(100);
    out.writeInt(Fragment.MAX_BYTES + 1);
    assertThatThrownBy(
            () -> serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
        .isInstanceOf(FrameException.class)
        .hasMessageContaining("frame=7 index=2 length=1048577 mostBytes=1048576");
  }

  @Test
  void aFrameOfAnotherVersionKindOrElementTypeIsRefused() throws Exception {
    assertThatThrownBy(() -> Frames.read(List.of(withByte(0, 9))))
        .hasMessageContaining("version=9 expected=2");
    assertThatThrownBy(() -> Frames.read(List.of(withByte(1, 4)))).hasMessageContaining("kind=4");
    assertThatThrownBy(() -> Frames.read(List.of(withByte(2, 3))))
        .hasMessageContaining("elementType=3");
    assertThatThrownBy(() -> Frames.read(List.of(withByte(6, 9))))
        .hasMessageContaining("body has not the size of its shape");
  }

  @Test
  void aFragmentOfTheFrameBeforeOrAfterIsRefusedThoughItFits() throws Exception {
    List<Fragment> fragments = new ArrayList<>();
    FrameWriter writer = new FrameWriter(50, fragment -> fragments.add(serializer.copy(fragment)));
    for (int frame = 0; frame < 3; frame++) {
      Activations body = Frames.activations(ElementType.F32, 4, 2, new Random(6));
      writer.activations(Frames.header(frame, "a", 4, false), body);
    }
    assertThat(fragments).hasSize(6).allMatch(fragment -> fragment.count() == 2);
    assertThat(Frames.read(fragments)).hasSize(3);
    for (int[] order : new int[][] {{0, 3}, {2, 3}, {0, 1, 4, 5}, {0, 1, 0, 1}, {0, 1, 2, 1}}) {
      List<Fragment> wrong = Arrays.stream(order).mapToObj(fragments::get).toList();
      assertThatThrownBy(() -> Frames.read(wrong))
          .isInstanceOf(FrameException.class)
          .hasMessageContaining("fragment out of order: expectedFrame=");
    }
  }

  @Test
  void theWriterRefusesLogitsThatDoNotFit() {
    FrameWriter writer = new FrameWriter(fragment -> {});
    FrameHeader header = Frames.header(5, "a", 2, true);
    assertThatThrownBy(() -> writer.logits(header, new float[0][], 10))
        .hasMessageContaining("sequence=5 rows=0 promptsEnding=1");
    assertThatThrownBy(() -> writer.logits(header, new float[1][9], 10))
        .hasMessageContaining("sequence=5 logits=9 vocabSize=10");
    assertThatThrownBy(() -> writer.abort(header)).hasMessageContaining("kind=ACTIVATIONS");
    assertThatThrownBy(() -> new FrameWriter(Fragment.MAX_BYTES + 1, fragment -> {}))
        .hasMessageContaining("fragmentBytes=1048577");
  }

  @Test
  void aHeaderChecksThatItsSummariesFitItsSegments() {
    Segment ends = new Segment("a", 0, 1, new int[] {1}, true);
    ChunkBatch batch = new ChunkBatch(3, List.of(ends), new int[0]);
    assertThatThrownBy(() -> FrameHeader.batch(batch, List.of()))
        .hasMessageContaining("sequence=3 requestId=a");
    assertThatThrownBy(() -> FrameHeader.batch(batch, List.of(Frames.prompt("b", 1))))
        .hasMessageContaining("requestId=a");
    assertThatThrownBy(
            () -> FrameHeader.batch(batch, List.of(Frames.prompt("a", 1), Frames.prompt("a", 1))))
        .hasMessageContaining("prompts=2 ending=1");
  }

  @Test
  void theTypeIsKnownToFlinkWithoutKryo() {
    assertThat(FragmentTypeInfo.INSTANCE.createSerializer(new SerializerConfigImpl()))
        .isInstanceOf(FragmentSerializer.class)
        .isEqualTo(serializer)
        .hasSameHashCodeAs(serializer);
    assertThat(serializer.duplicate()).isEqualTo(serializer).isNotSameAs(serializer);
    assertThat(serializer.snapshotConfiguration().restoreSerializer()).isEqualTo(serializer);
    assertThat(FragmentTypeInfo.INSTANCE.getTypeClass()).isEqualTo(Fragment.class);
  }

  private Fragment withByte(int at, int value) throws Exception {
    List<Fragment> fragments = new ArrayList<>();
    Activations body = Frames.activations(ElementType.F32, 4, 2, new Random(5));
    new FrameWriter(fragment -> fragments.add(serializer.copy(fragment)))
        .activations(Frames.header(0, "a", 4, false), body);
    fragments.get(0).bytes()[at] = (byte) value;
    return fragments.get(0);
  }
}
