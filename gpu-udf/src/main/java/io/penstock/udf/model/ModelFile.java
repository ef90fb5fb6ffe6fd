package io.penstock.udf.model;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One file of a model, open for reading at any position, of any size. Safe for several threads.
 * Deliberately no {@code FileChannel}: an interrupt, with which Flink ends tasks, would close it
 * under every other stage that reads; and no mapping: a file cut short under a mapping ends the
 * process.
 */
final class ModelFile implements Closeable {
  private final Path path;
  private final RandomAccessFile file;
  private final long size;

  private ModelFile(Path path, RandomAccessFile file, long size) {
    this.path = path;
    this.file = file;
    this.size = size;
  }

  /**
   * @param path an existing regular file
   * @return the file, owned by the caller
   * @throws ModelFileException if it is not there, no regular file, or may not be read
   */
  static ModelFile open(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new ModelFileException(
          (Files.exists(path) ? "no regular file: file=" : "no such model file: file=") + path);
    }
    RandomAccessFile file;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
    } catch (IOException e) {
      throw new ModelFileException("cannot open model file: " + e.getMessage(), e);
    }
    try {
      return new ModelFile(path, file, file.length());
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Reads a small file as a whole.
   *
   * @param path an existing regular file
   * @param maxBytes most bytes that it may have
   * @throws ModelFileException if it is larger, or as {@link #open} says
   */
  static byte[] readAll(Path path, int maxBytes) throws IOException {
    try (ModelFile file = open(path)) {
      if (file.size > maxBytes) {
        throw new ModelFileException(
            "too large: file=" + path + " fileBytes=" + file.size + " limit=" + maxBytes);
      }
      byte[] all = new byte[(int) file.size];
      file.read(0, all, 0, all.length);
      return all;
    }
  }

  Path path() {
    return path;
  }

  /** Size when it was opened, bytes. */
  long size() {
    return size;
  }

  /**
   * Fills a part of an array.
   *
   * @param position where in the file, bytes
   * @throws ModelFileException if the file ends before
   * @throws IOException if it cannot be read or is closed
   */
  void read(long position, byte[] into, int offset, int length) throws IOException {
    try {
      synchronized (file) {
        file.seek(position);
        file.readFully(into, offset, length);
      }
    } catch (EOFException e) {
      throw new ModelFileException(
          "model file is truncated: file="
              + path
              + " position="
              + position
              + " wantedBytes="
              + length
              + " fileBytes="
              + size,
          e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
