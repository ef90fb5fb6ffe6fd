package io.penstock.operators.stage;

import io.penstock.operators.admit.Wire;
import io.penstock.schemas.RecordHeader;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Header of a frame as bytes.
 *
 * <pre>
 *   byte   version, 2
 *   byte   kind           byte elementType (1 F32, 2 BF16)   int32 rows   int32 cols
 *   int64  sequence
 *   int32  segments       each: string requestId · int32 prefixTokens · int32 tokens · bool last · ints pageTable
 *   int32  prompts        each: string requestId · int64 arrivalMillis · int64 firstDispatchMicros · int32 promptTokens
 *                               · int32 cachedTokens · ints chunkTokens · int32 topLogits · string cancelReason
 *                               · int32 labels, each string key · string value
 *                               · int32 headers, each string key · int32 bytes (-1 for null) · value
 *   int32  timings        each: int32 stage · int64 firstByte · int64 ready · int64 start · int64 end, microseconds
 *   string = int32 bytes (-1 for null) · UTF-8        ints = int32 count · int32 each
 * </pre>
 *
 * All numbers are big-endian. Another layout gets another version.
 */
final class FrameHeaderCodec {

  /** Version of the format of frames: of headers, and of what their bodies hold. */
  static final byte VERSION = 2;

  private static final int SEGMENT_BYTES = 17;
  private static final int PROMPT_BYTES = 48;
  private static final int TIMING_BYTES = 36;
  private static final int LABEL_BYTES = 8;

  private FrameHeaderCodec() {}

  static void write(FrameHeader header, BodyShape shape, DataOutputSerializer out)
      throws IOException {
    out.writeByte(VERSION);
    out.writeByte(header.kind().id());
    out.writeByte(idOf(shape.type()));
    out.writeInt(shape.rows());
    out.writeInt(shape.cols());
    out.writeLong(header.sequence());
    out.writeInt(header.segments().size());
    for (Segment segment : header.segments()) {
      writeString(segment.requestId(), out);
      out.writeInt(segment.prefixTokens());
      out.writeInt(segment.tokens());
      out.writeBoolean(segment.last());
      writeInts(segment.pageTable(), out);
    }
    out.writeInt(header.prompts().size());
    for (PromptSummary prompt : header.prompts()) {
      writePrompt(prompt, out);
    }
    out.writeInt(header.timings().size());
    for (StageTiming timing : header.timings()) {
      out.writeInt(timing.stage());
      out.writeLong(timing.firstByteMicros());
      out.writeLong(timing.readyMicros());
      out.writeLong(timing.startMicros());
      out.writeLong(timing.endMicros());
    }
  }

  /** A header and the shape of the body that follows it. */
  record Read(FrameHeader header, BodyShape shape) {}

  static Read read(byte[] bytes, int length) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes, 0, length);
    try {
      Read read = read(in);
      if (in.available() > 0) {
        throw new FrameException(
            "header is longer than its content: headerBytes=" + length + " left=" + in.available());
      }
      return read;
    } catch (EOFException e) {
      throw truncated(length, e);
    } catch (IllegalArgumentException e) {
      throw withCause(new FrameException("bad header: headerBytes=" + length), e);
    }
  }

  private static Read read(DataInputDeserializer in) throws IOException {
    byte version = in.readByte();
    if (version != VERSION) {
      throw new FrameException(
          "frame of another version: version="
              + version
              + " expected="
              + VERSION
              + "; do all stages run one build?");
    }
    FrameKind kind = FrameKind.of(in.readByte());
    BodyShape shape = new BodyShape(typeOf(in.readByte()), in.readInt(), in.readInt());
    long sequence = in.readLong();
    List<Segment> segments = new ArrayList<>();
    for (int left = count(SEGMENT_BYTES, in); left > 0; left--) {
      String requestId = readPresent(in);
      int prefixTokens = in.readInt();
      int tokens = in.readInt();
      boolean last = in.readBoolean();
      segments.add(new Segment(requestId, prefixTokens, tokens, readInts(in), last));
    }
    List<PromptSummary> prompts = new ArrayList<>();
    for (int left = count(PROMPT_BYTES, in); left > 0; left--) {
      prompts.add(readPrompt(in));
    }
    List<StageTiming> timings = new ArrayList<>();
    for (int left = count(TIMING_BYTES, in); left > 0; left--) {
      timings.add(
          new StageTiming(
              in.readInt(), in.readLong(), in.readLong(), in.readLong(), in.readLong()));
    }
    return new Read(new FrameHeader(kind, sequence, segments, prompts, timings), shape);
  }

  private static void writePrompt(PromptSummary prompt, DataOutputSerializer out)
      throws IOException {
    writeString(prompt.requestId(), out);
    out.writeLong(prompt.arrivalMillis());
    out.writeLong(prompt.firstDispatchMicros());
    out.writeInt(prompt.promptTokens());
    out.writeInt(prompt.cachedTokens());
    writeInts(prompt.chunkTokens(), out);
    out.writeInt(prompt.topLogits());
    writeString(prompt.cancelReason(), out);
    out.writeInt(prompt.metadata().size());
    for (Map.Entry<String, String> label : prompt.metadata().entrySet()) {
      writeString(label.getKey(), out);
      writeString(label.getValue(), out);
    }
    out.writeInt(prompt.headers().size());
    for (RecordHeader header : prompt.headers()) {
      writeString(header.getKey(), out);
      writeBytes(Wire.bytes(header.getValue()), out);
    }
  }

  private static PromptSummary readPrompt(DataInputDeserializer in) throws IOException {
    String requestId = readPresent(in);
    long arrivalMillis = in.readLong();
    long firstDispatchMicros = in.readLong();
    int promptTokens = in.readInt();
    int cachedTokens = in.readInt();
    int[] chunkTokens = readInts(in);
    int topLogits = in.readInt();
    String cancelReason = readString(in);
    Map<String, String> metadata = new LinkedHashMap<>();
    for (int left = count(LABEL_BYTES, in); left > 0; left--) {
      String key = readPresent(in);
      metadata.put(key, readPresent(in));
    }
    List<RecordHeader> headers = new ArrayList<>();
    for (int left = count(LABEL_BYTES, in); left > 0; left--) {
      String key = readPresent(in);
      byte[] value = readBytes(in);
      headers.add(new RecordHeader(key, value == null ? null : ByteBuffer.wrap(value)));
    }
    return new PromptSummary(
        requestId,
        arrivalMillis,
        firstDispatchMicros,
        promptTokens,
        cachedTokens,
        chunkTokens,
        topLogits,
        metadata,
        headers,
        cancelReason);
  }

  private static void writeString(String text, DataOutputSerializer out) throws IOException {
    writeBytes(text == null ? null : text.getBytes(StandardCharsets.UTF_8), out);
  }

  private static void writeBytes(byte[] bytes, DataOutputSerializer out) throws IOException {
    if (bytes == null) {
      out.writeInt(-1);
      return;
    }
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String readPresent(DataInputDeserializer in) throws IOException {
    String text = readString(in);
    if (text == null) {
      throw new FrameException(
          "header is broken: a string is missing, bytesLeft=" + in.available());
    }
    return text;
  }

  private static String readString(DataInputDeserializer in) throws IOException {
    byte[] utf8 = readBytes(in);
    return utf8 == null ? null : new String(utf8, StandardCharsets.UTF_8);
  }

  private static byte[] readBytes(DataInputDeserializer in) throws IOException {
    int length = in.readInt();
    if (length == -1) {
      return null;
    }
    checkCount(length, 1, in);
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  private static void writeInts(int[] values, DataOutputSerializer out) throws IOException {
    out.writeInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] readInts(DataInputDeserializer in) throws IOException {
    int[] values = new int[count(Integer.BYTES, in)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  private static int count(int leastBytesOfEach, DataInputDeserializer in) throws IOException {
    int count = in.readInt();
    checkCount(count, leastBytesOfEach, in);
    return count;
  }

  private static void checkCount(int count, int leastBytesOfEach, DataInputDeserializer in)
      throws FrameException {
    if (count < 0 || count > in.available() / leastBytesOfEach) {
      throw new FrameException("header is broken: count=" + count + " bytesLeft=" + in.available());
    }
  }

  private static byte idOf(ElementType type) {
    return switch (type) {
      case F32 -> 1;
      case BF16 -> 2;
    };
  }

  private static ElementType typeOf(byte id) throws FrameException {
    return switch (id) {
      case 1 -> ElementType.F32;
      case 2 -> ElementType.BF16;
      default -> throw new FrameException("unknown element type: elementType=" + id);
    };
  }

  private static FrameException truncated(int length, Exception cause) {
    return withCause(new FrameException("header is cut short: headerBytes=" + length), cause);
  }

  private static FrameException withCause(FrameException failure, Exception cause) {
    failure.initCause(cause);
    return failure;
  }
}
