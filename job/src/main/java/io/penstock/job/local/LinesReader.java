package io.penstock.job.local;

import io.penstock.operators.admit.SourceRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.io.InputStatus;

/** Emits one line a call, in order; ends after the split's last line. Task thread only. */
final class LinesReader implements SourceReader<SourceRecord, LinesSplit> {
  private final CompletableFuture<Void> available = new CompletableFuture<>();
  private LinesSplit split;
  private PromptLines lines;
  private boolean noMoreSplits;

  @Override
  public void start() {
    // the split comes unasked
  }

  @Override
  public InputStatus pollNext(ReaderOutput<SourceRecord> output) throws IOException {
    if (split == null) {
      return noMoreSplits ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
    }
    if (split.nextLine() > split.lastLine()) {
      return InputStatus.END_OF_INPUT;
    }
    if (lines == null) {
      lines = new PromptLines(Path.of(split.file()), split.offsetBytes());
    }
    byte[] line = lines.next();
    if (line == null) {
      throw new IOException(
          "the input file has become shorter: file="
              + split.file()
              + " line="
              + split.nextLine()
              + " lines="
              + split.lastLine());
    }
    output.collect(record(line));
    split =
        new LinesSplit(split.file(), lines.offsetBytes(), split.nextLine() + 1, split.lastLine());
    return InputStatus.MORE_AVAILABLE;
  }

  private SourceRecord record(byte[] line) {
    return new SourceRecord(
        split.file(), 0, split.nextLine(), System.currentTimeMillis(), null, line, List.of());
  }

  @Override
  public List<LinesSplit> snapshotState(long checkpointId) {
    return split == null ? List.of() : List.of(split);
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return available;
  }

  @Override
  public void addSplits(List<LinesSplit> splits) {
    split = splits.get(0);
    available.complete(null);
  }

  @Override
  public void notifyNoMoreSplits() {
    noMoreSplits = true;
    available.complete(null);
  }

  @Override
  public void close() throws IOException {
    if (lines != null) {
      lines.close();
    }
  }
}
