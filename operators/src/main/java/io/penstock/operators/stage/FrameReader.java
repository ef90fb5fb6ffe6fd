package io.penstock.operators.stage;

import java.nio.ByteBuffer;

/**
 * Puts frames together from {@link Fragment}s, and refuses whatever is out of order or of the wrong
 * size: a lost, repeated, swapped or foreign fragment fails the task instead of reaching a model.
 * Used by one thread.
 */
public final class FrameReader {

  /** Takes frames. */
  public interface Receiver {

    /**
     * A frame has begun: its header is there. May wait.
     *
     * @param header the header
     * @param shape shape of its body
     * @return where the body goes, absolutely from byte 0; not used if the body is empty
     * @throws Exception if the frame cannot be taken
     */
    ByteBuffer begin(FrameHeader header, BodyShape shape) throws Exception;

    /**
     * A frame is complete: its body is where {@link #begin} said.
     *
     * @param header the header, the same object
     * @throws Exception if the frame cannot be taken
     */
    void complete(FrameHeader header) throws Exception;
  }

  /** Most bytes of a header; far more than labels in a Kafka record and all page tables come to. */
  static final int MAX_HEADER_BYTES = 64 << 20;

  private final Receiver receiver;
  private long frame;
  private int index;
  private int count;
  private int headerBytes;
  private int bodyBytes;
  private long position;
  private byte[] headerBuffer = new byte[0];
  private FrameHeader header;
  private ByteBuffer body;
  private long receivedBytes;

  /**
   * @param receiver takes the frames
   */
  public FrameReader(Receiver receiver) {
    this.receiver = receiver;
  }

  /**
   * Takes the next fragment and releases it.
   *
   * @param fragment the fragment; not used after the call
   * @throws FrameException if it is not what must come next
   * @throws Exception what the receiver throws
   */
  public void accept(Fragment fragment) throws Exception {
    check(fragment);
    if (index == 0) {
      count = fragment.count();
      headerBytes = fragment.headerBytes();
      bodyBytes = fragment.bodyBytes();
    }
    index++;
    int ofHeader = (int) Math.max(0, Math.min(fragment.length(), headerBytes - position));
    if (ofHeader > 0) {
      takeHeader(fragment, ofHeader);
    }
    int ofBody = fragment.length() - ofHeader;
    if (ofBody > 0) {
      int at = (int) (position + ofHeader - headerBytes);
      body.put(at, fragment.bytes(), ofHeader, ofBody);
    }
    position += fragment.length();
    receivedBytes += fragment.length();
    fragment.release();
    if (index == count) {
      FrameHeader complete = header;
      clear();
      receiver.complete(complete);
    }
  }

  /**
   * @return whether a frame has begun and is not complete
   */
  public boolean partial() {
    return index > 0;
  }

  /**
   * @return bytes of headers and bodies received so far
   */
  public long receivedBytes() {
    return receivedBytes;
  }

  private void takeHeader(Fragment fragment, int length) throws Exception {
    if (headerBuffer.length < headerBytes) {
      headerBuffer = new byte[headerBytes];
    }
    System.arraycopy(fragment.bytes(), 0, headerBuffer, (int) position, length);
    if (position + length == headerBytes) {
      FrameHeaderCodec.Read read = FrameHeaderCodec.read(headerBuffer, headerBytes);
      if (read.shape().bytes() != bodyBytes) {
        throw new FrameException(
            "body has not the size of its shape: " + read.shape() + " " + fragment);
      }
      header = read.header();
      body = receiver.begin(header, read.shape());
    }
  }

  private void check(Fragment fragment) throws FrameException {
    if (fragment.frame() != frame || fragment.index() != index) {
      throw new FrameException(
          "fragment out of order: expectedFrame="
              + frame
              + " expectedIndex="
              + index
              + " got "
              + fragment);
    }
    long total = (long) fragment.headerBytes() + fragment.bodyBytes();
    if (index == 0) {
      if (fragment.headerBytes() < 1
          || fragment.headerBytes() > MAX_HEADER_BYTES
          || fragment.bodyBytes() < 0
          || fragment.count() < 1
          || fragment.count() > total) {
        throw new FrameException("bad sizes: " + fragment);
      }
    } else if (fragment.count() != count
        || fragment.headerBytes() != headerBytes
        || fragment.bodyBytes() != bodyBytes) {
      throw new FrameException(
          "fragments of one frame disagree: count="
              + count
              + " headerBytes="
              + headerBytes
              + " bodyBytes="
              + bodyBytes
              + " got "
              + fragment);
    }
    long after = position + fragment.length();
    boolean lastOne = index == fragment.count() - 1;
    if (fragment.length() < 1 || (lastOne ? after != total : after >= total)) {
      throw new FrameException(
          "fragment of the wrong length: receivedBytes=" + position + " " + fragment);
    }
  }

  private void clear() {
    frame++;
    index = 0;
    position = 0;
    header = null;
    body = null;
  }
}
