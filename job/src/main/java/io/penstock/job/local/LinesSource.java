package io.penstock.job.local;

import io.penstock.operators.admit.SourceRecord;
import java.nio.file.Path;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The lines of a file as records, in order: the value is the line's bytes, the offset its number
 * from 1, the timestamp the time of reading. Goes on where a checkpoint has been.
 */
final class LinesSource implements Source<SourceRecord, LinesSplit, LinesSplit> {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final long lines;

  /**
   * @param file the file
   * @param lines how many of its lines to read
   */
  LinesSource(Path file, long lines) {
    this.file = file.toString();
    this.lines = lines;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SplitEnumerator<LinesSplit, LinesSplit> createEnumerator(
      SplitEnumeratorContext<LinesSplit> context) {
    return new LinesEnumerator(context, new LinesSplit(file, 0, 1, lines));
  }

  @Override
  public SplitEnumerator<LinesSplit, LinesSplit> restoreEnumerator(
      SplitEnumeratorContext<LinesSplit> context, LinesSplit unassigned) {
    return new LinesEnumerator(context, unassigned);
  }

  @Override
  public SimpleVersionedSerializer<LinesSplit> getSplitSerializer() {
    return new LinesSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<LinesSplit> getEnumeratorCheckpointSerializer() {
    return new LinesSplitSerializer();
  }

  @Override
  public SourceReader<SourceRecord, LinesSplit> createReader(SourceReaderContext context) {
    return new LinesReader();
  }
}
