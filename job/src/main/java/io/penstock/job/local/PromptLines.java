package io.penstock.job.local;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The lines of a JSONL file as bytes, without their ends ({@code \n} or {@code \r\n}). Owned and
 * used by one thread.
 */
public final class PromptLines implements AutoCloseable {
  /** What is beyond is left out, which leaves no readable prompt. */
  private static final int LONGEST_LINE_BYTES = 256 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(BUFFER_BYTES);
  private long offsetBytes;

  /**
   * @param file the file
   * @param offsetBytes where a line begins
   * @throws IOException if it cannot be opened
   */
  public PromptLines(Path file, long offsetBytes) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      channel.position(offsetBytes);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    this.in = new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
    this.offsetBytes = offsetBytes;
  }

  /**
   * @param file a file
   * @return number of lines up to the last one that is not blank
   * @throws IOException if it cannot be read
   */
  static long count(Path file) throws IOException {
    try (PromptLines lines = new PromptLines(file, 0)) {
      long number = 0;
      long lastWithContent = 0;
      for (byte[] line = lines.next(); line != null; line = lines.next()) {
        number++;
        if (!blank(line)) {
          lastWithContent = number;
        }
      }
      return lastWithContent;
    }
  }

  private static boolean blank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t') {
        return false;
      }
    }
    return true;
  }

  /**
   * @return the next line, or null at the end
   * @throws IOException if it cannot be read
   */
  public byte[] next() throws IOException {
    line.reset();
    int read = in.read();
    if (read < 0) {
      return null;
    }
    while (read >= 0 && read != '\n') {
      offsetBytes++;
      if (line.size() < LONGEST_LINE_BYTES) {
        line.write(read);
      }
      read = in.read();
    }
    if (read == '\n') {
      offsetBytes++;
    }
    byte[] bytes = line.toByteArray();
    if (bytes.length > 0 && bytes[bytes.length - 1] == '\r') {
      return Arrays.copyOf(bytes, bytes.length - 1);
    }
    return bytes;
  }

  /**
   * @return where the next line begins
   */
  long offsetBytes() {
    return offsetBytes;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
