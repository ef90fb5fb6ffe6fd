package io.penstock.job.local;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.LineError;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.TtftMs;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The output file of {@code penstock local}: one line for each answer, written and flushed as it
 * comes. Shared by the sinks of the job, which run in the same JVM and find it by name.
 * Thread-safe.
 */
final class AnswerFile implements AutoCloseable {
  private static final Map<String, AnswerFile> OPEN = new ConcurrentHashMap<>();

  private final String name;
  private final BufferedWriter writer;
  private long results;
  private long errors;
  private long tokens;
  private double firstDispatchMillis = Double.POSITIVE_INFINITY;
  private double lastResultMillis = Double.NEGATIVE_INFINITY;

  private AnswerFile(String name, BufferedWriter writer) {
    this.name = name;
    this.writer = writer;
  }

  /**
   * @param name by which sinks find it; not in use
   * @param path created, or emptied
   * @return the open file, closed by the caller
   * @throws IOException if it cannot be written
   */
  static AnswerFile open(String name, Path path) throws IOException {
    AnswerFile file = new AnswerFile(name, Files.newBufferedWriter(path));
    if (OPEN.putIfAbsent(name, file) != null) {
      file.writer.close();
      throw new IllegalStateException("already open: name=" + name);
    }
    return file;
  }

  /**
   * @param name as given to {@link #open}
   * @return the open file
   * @throws IOException if it is not open in this process
   */
  static AnswerFile find(String name) throws IOException {
    AnswerFile file = OPEN.get(name);
    if (file == null) {
      throw new IOException("the output file is not open in this process: name=" + name);
    }
    return file;
  }

  /**
   * @param result written as JSON
   * @throws IOException if it cannot be written
   */
  synchronized void result(PrefillResult result) throws IOException {
    append(JsonCodec.PREFILL_RESULT.encodeToString(result));
    results++;
    tokens += result.getPromptTokens();
    lastResultMillis = System.currentTimeMillis();
    TtftMs ttft = result.getTtftMs();
    firstDispatchMillis =
        Math.min(firstDispatchMillis, lastResultMillis - ttft.getTotal() + ttft.getQueue());
  }

  /**
   * @param refused written as JSON
   * @throws IOException if it cannot be written
   */
  synchronized void refused(DeadLetter refused) throws IOException {
    append(LineError.of(refused).toJson());
    errors++;
  }

  private void append(String line) throws IOException {
    writer.write(line);
    writer.write('\n');
    writer.flush();
  }

  /**
   * @return what has been written so far
   */
  synchronized Count count() {
    return new Count(
        results, errors, tokens, Math.max(0, (lastResultMillis - firstDispatchMillis) / 1e3));
  }

  /**
   * Lines written.
   *
   * @param results lines that are results
   * @param errors lines that are errors
   * @param tokens prompt tokens of the results
   * @param seconds from the first dispatch of a prompt to the last result; 0 if there is none
   */
  record Count(long results, long errors, long tokens, double seconds) {
    long lines() {
      return results + errors;
    }
  }

  @Override
  public synchronized void close() throws IOException {
    OPEN.remove(name, this);
    writer.close();
  }
}
