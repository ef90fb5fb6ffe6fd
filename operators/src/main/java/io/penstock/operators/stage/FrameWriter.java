package io.penstock.operators.stage;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.StageResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Cuts frames into {@link Fragment}s. All fragments of a frame leave within one call, so neither a
 * checkpoint barrier nor another frame ever stands between them. Used by one thread.
 *
 * <p>One array serves all fragments: it is filled again once the consumer has returned. That is
 * safe where the consumer serializes (network) and where it is chained and obeys Flink's rule for
 * object reuse (does not keep what it was passed).
 */
public final class FrameWriter {

  /** Bytes of a fragment unless told otherwise. */
  public static final int DEFAULT_FRAGMENT_BYTES = 512 * 1024;

  private static final int HEADER_BYTES_AT_FIRST = 4096;

  private final byte[] bytes;
  private final Consumer<Fragment> out;
  private final DataOutputSerializer header = new DataOutputSerializer(HEADER_BYTES_AT_FIRST);
  private ByteBuffer logits = ByteBuffer.allocate(0);
  private long frame;
  private long sentBytes;
  private long sendNanos;

  /**
   * @param out takes the fragments
   */
  public FrameWriter(Consumer<Fragment> out) {
    this(DEFAULT_FRAGMENT_BYTES, out);
  }

  /**
   * @param fragmentBytes most bytes of a fragment, up to {@link Fragment#MAX_BYTES}
   * @param out takes the fragments
   */
  public FrameWriter(int fragmentBytes, Consumer<Fragment> out) {
    if (fragmentBytes < 1 || fragmentBytes > Fragment.MAX_BYTES) {
      throw new IllegalArgumentException(
          "bad size of fragments: fragmentBytes="
              + fragmentBytes
              + " mostBytes="
              + Fragment.MAX_BYTES);
    }
    this.bytes = new byte[fragmentBytes];
    this.out = out;
  }

  /**
   * Writes what a stage made of a batch: activations, or on the last stage logits.
   *
   * @param header of the batch, timings up to and with this stage
   * @param result what the stage made; stays the caller's
   * @param vocabSize elements of a row of logits
   * @throws IOException never in fact: the header is written to memory
   */
  public void batch(FrameHeader header, StageResult result, int vocabSize) throws IOException {
    if (result.out() == null) {
      logits(header, result.logits(), vocabSize);
    } else {
      activations(header, result.out());
    }
  }

  /**
   * @param of the batch
   * @param body its residual; stays the caller's
   * @throws IOException never in fact
   */
  public void activations(FrameHeader of, Activations body) throws IOException {
    BodyShape shape = new BodyShape(body.type(), body.rows(), body.cols());
    write(of.as(FrameKind.ACTIVATIONS), shape, body.bytes());
  }

  /**
   * @param of the batch
   * @param rows logits of the last token of each prompt that ends in the batch, in order
   * @param vocabSize elements of a row
   * @throws IOException never in fact
   */
  public void logits(FrameHeader of, float[][] rows, int vocabSize) throws IOException {
    if (rows.length != of.prompts().size()) {
      throw new IllegalStateException(
          "logits do not fit the batch: sequence="
              + of.sequence()
              + " rows="
              + rows.length
              + " promptsEnding="
              + of.prompts().size());
    }
    BodyShape shape = new BodyShape(ElementType.F32, rows.length, vocabSize);
    if (logits.capacity() < shape.bytes()) {
      logits = ByteBuffer.allocate(shape.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    for (int row = 0; row < rows.length; row++) {
      if (rows[row].length != vocabSize) {
        throw new IllegalStateException(
            "logits do not fit the vocabulary: sequence="
                + of.sequence()
                + " logits="
                + rows[row].length
                + " vocabSize="
                + vocabSize);
      }
      logits.asFloatBuffer().put(row * vocabSize, rows[row]);
    }
    write(of.as(FrameKind.LOGITS), shape, logits);
  }

  /**
   * @param of an abort's header
   * @throws IOException never in fact
   */
  public void abort(FrameHeader of) throws IOException {
    if (of.kind() != FrameKind.ABORT) {
      throw new IllegalArgumentException("not an abort: kind=" + of.kind());
    }
    write(of, BodyShape.NONE, logits);
  }

  /**
   * @return bytes of headers and bodies written so far
   */
  public long sentBytes() {
    return sentBytes;
  }

  /**
   * @return time spent writing so far, waits for network buffers and work of chained operators
   *     included, nanoseconds
   */
  public long sendNanos() {
    return sendNanos;
  }

  private void write(FrameHeader of, BodyShape shape, ByteBuffer body) throws IOException {
    long began = System.nanoTime();
    header.clear();
    FrameHeaderCodec.write(of, shape, header);
    int headerBytes = header.length();
    int bodyBytes = shape.bytes();
    long total = (long) headerBytes + bodyBytes;
    int count = Math.toIntExact((total + bytes.length - 1) / bytes.length);
    long position = 0;
    for (int index = 0; index < count; index++) {
      int length = (int) Math.min(bytes.length, total - position);
      int ofHeader = (int) Math.max(0, Math.min(length, headerBytes - position));
      if (ofHeader > 0) {
        System.arraycopy(header.getSharedBuffer(), (int) position, bytes, 0, ofHeader);
      }
      int bodyAt = (int) Math.max(0, position - headerBytes);
      body.get(bodyAt, bytes, ofHeader, length - ofHeader);
      out.accept(new Fragment(frame, index, count, headerBytes, bodyBytes, bytes, length, null));
      position += length;
    }
    frame++;
    sentBytes += total;
    sendNanos += System.nanoTime() - began;
  }
}
