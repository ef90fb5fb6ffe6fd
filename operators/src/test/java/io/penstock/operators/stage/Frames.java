package io.penstock.operators.stage;

import io.penstock.schemas.RecordHeader;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Frames for tests: made at random, read back whole, and sent through the serializer. */
public final class Frames {
  private Frames() {}

  /**
   * A frame, read back.
   *
   * @param header its header
   * @param shape shape of its body
   * @param body its body
   */
  public record Whole(FrameHeader header, BodyShape shape, byte[] body) {

    /**
     * @return all of it as text: equal for equal frames
     */
    public String text() {
      StringBuilder text = new StringBuilder();
      text.append(header.kind()).append(header.sequence()).append(header.timings());
      for (Segment segment : header.segments()) {
        text.append(segment.requestId())
            .append(List.of(segment.prefixTokens(), segment.tokens(), segment.last()))
            .append(Arrays.toString(segment.pageTable()));
      }
      for (PromptSummary prompt : header.prompts()) {
        text.append(prompt.requestId())
            .append(List.of(prompt.arrivalMillis(), prompt.firstDispatchMicros()))
            .append(List.of(prompt.promptTokens(), prompt.cachedTokens(), prompt.topLogits()))
            .append(Arrays.toString(prompt.chunkTokens()))
            .append(new TreeMap<>(prompt.metadata()))
            .append(prompt.headers())
            .append(prompt.cancelReason());
      }
      return text.append(shape).append(Arrays.toString(body)).toString();
    }
  }

  /** Collects whole frames. */
  public static final class Collected implements FrameReader.Receiver {
    /** The frames so far. */
    public final List<Whole> frames = new ArrayList<>();

    private BodyShape shape;
    private ByteBuffer body;

    @Override
    public ByteBuffer begin(FrameHeader header, BodyShape shapeOfBody) {
      shape = shapeOfBody;
      body = ByteBuffer.allocate(shape.bytes());
      return body;
    }

    @Override
    public void complete(FrameHeader header) {
      frames.add(new Whole(header, shape, body.array()));
    }
  }

  /**
   * @param fragments whole frames in order, from frame 0
   * @return the frames
   */
  public static List<Whole> read(Iterable<Fragment> fragments) throws Exception {
    Collected collected = new Collected();
    FrameReader reader = new FrameReader(collected);
    for (Fragment fragment : fragments) {
      reader.accept(fragment);
    }
    return collected.frames;
  }

  /**
   * @param fragment a fragment
   * @param serializer reads it; its pool gives the array
   * @return the fragment as it comes out of the network
   */
  public static Fragment throughWire(Fragment fragment, FragmentSerializer serializer)
      throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(64);
    new FragmentSerializer().serialize(fragment, out);
    return serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
  }

  /**
   * @param sequence of the batch
   * @param prompt id of its prompt
   * @param tokens tokens of its one segment
   * @param last whether the prompt ends
   * @return header of a batch of one segment
   */
  public static FrameHeader header(long sequence, String prompt, int tokens, boolean last) {
    Segment segment = new Segment(prompt, 0, tokens, new int[] {1, 2}, last);
    return FrameHeader.batch(
        new ChunkBatch(sequence, List.of(segment), new int[0]),
        last ? List.of(prompt(prompt, tokens)) : List.of());
  }

  /**
   * @param requestId its id
   * @param tokens its tokens, in one chunk
   * @return a prompt
   */
  public static PromptSummary prompt(String requestId, int tokens) {
    return new PromptSummary(
        requestId, 1000, 1_500_000, tokens, 0, new int[] {tokens}, 0, Map.of(), List.of(), null);
  }

  /**
   * @param type element type
   * @param rows rows
   * @param cols columns
   * @param random fills them
   * @return activations of random bytes
   */
  public static Activations activations(ElementType type, int rows, int cols, Random random) {
    Activations made = new Activations(type, rows, cols);
    made.resize(rows);
    byte[] bytes = new byte[made.sizeBytes()];
    random.nextBytes(bytes);
    made.bytes().put(0, bytes);
    return made;
  }

  /**
   * @param activations some
   * @return their bytes
   */
  public static byte[] bytes(Activations activations) {
    byte[] bytes = new byte[activations.sizeBytes()];
    activations.bytes().get(0, bytes);
    return bytes;
  }

  /**
   * @param sequence of the batch
   * @param random decides all else
   * @return header of a batch of one to four segments
   */
  public static FrameHeader randomHeader(long sequence, Random random) {
    List<Segment> segments = new ArrayList<>();
    List<PromptSummary> prompts = new ArrayList<>();
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      String id = randomText(random) + sequence + "/" + i;
      boolean last = random.nextBoolean();
      int[] pages = random.ints(random.nextInt(300), 0, Integer.MAX_VALUE).toArray();
      segments.add(new Segment(id, 64 * random.nextInt(1000), 1 + random.nextInt(20), pages, last));
      if (last) {
        prompts.add(randomPrompt(id, random));
      }
    }
    List<StageTiming> timings = new ArrayList<>();
    for (int stage = random.nextInt(4); stage > 0; stage--) {
      timings.add(
          new StageTiming(
              stage, random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong()));
    }
    return new FrameHeader(FrameKind.ACTIVATIONS, sequence, segments, prompts, timings);
  }

  /**
   * @param id its id
   * @param random decides all else
   * @return a prompt
   */
  public static PromptSummary randomPrompt(String id, Random random) {
    Map<String, String> labels = new HashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      labels.put(randomText(random) + i, randomText(random));
    }
    List<RecordHeader> headers = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      byte[] value = new byte[random.nextInt(20)];
      random.nextBytes(value);
      headers.add(
          new RecordHeader(
              randomText(random), random.nextBoolean() ? null : ByteBuffer.wrap(value)));
    }
    return new PromptSummary(
        id,
        random.nextLong(),
        random.nextLong(),
        random.nextInt(),
        random.nextInt(),
        random.ints(random.nextInt(5)).toArray(),
        random.nextInt(1001),
        labels,
        headers,
        random.nextBoolean() ? null : randomText(random));
  }

  private static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      int codePoint =
          random.nextInt(4) == 0 ? 0x1F600 + random.nextInt(50) : random.nextInt(0xD7FF);
      text.appendCodePoint(codePoint);
    }
    return text.toString();
  }
}
