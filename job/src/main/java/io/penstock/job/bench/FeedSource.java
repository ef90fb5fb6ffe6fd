package io.penstock.job.bench;

import io.penstock.operators.admit.SourceRecord;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The prompts of a {@link Feed}, until it ends. There are no splits: readers take from the feed,
 * which is in their process. Not for checkpoints.
 */
final class FeedSource implements Source<SourceRecord, FeedSource.NoSplit, Void> {
  private static final long serialVersionUID = 1L;

  private final String feed;

  /**
   * @param feed name of an open feed
   */
  FeedSource(String feed) {
    this.feed = feed;
  }

  /** Of which there is none. */
  record NoSplit(String splitId) implements SourceSplit {}

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<SourceRecord, NoSplit> createReader(SourceReaderContext context)
      throws IOException {
    return new Reader(Feed.find(feed));
  }

  @Override
  public SplitEnumerator<NoSplit, Void> createEnumerator(SplitEnumeratorContext<NoSplit> context) {
    return new NoSplits();
  }

  @Override
  public SplitEnumerator<NoSplit, Void> restoreEnumerator(
      SplitEnumeratorContext<NoSplit> context, Void none) {
    return new NoSplits();
  }

  @Override
  public SimpleVersionedSerializer<NoSplit> getSplitSerializer() {
    return new Unsupported<>();
  }

  @Override
  public SimpleVersionedSerializer<Void> getEnumeratorCheckpointSerializer() {
    return new Unsupported<>();
  }

  private record Reader(Feed feed) implements SourceReader<SourceRecord, NoSplit> {
    @Override
    public void start() {
      // prompts come unasked
    }

    @Override
    public InputStatus pollNext(ReaderOutput<SourceRecord> output) {
      SourceRecord prompt = feed.poll();
      if (prompt == null) {
        return feed.ended() ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
      }
      output.collect(prompt);
      return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return feed.available();
    }

    @Override
    public List<NoSplit> snapshotState(long checkpointId) {
      return List.of();
    }

    @Override
    public void addSplits(List<NoSplit> splits) {
      throw new IllegalStateException("there are no splits");
    }

    @Override
    public void notifyNoMoreSplits() {
      // there are none
    }

    @Override
    public void close() {
      // the feed is its opener's
    }
  }

  private static final class NoSplits implements SplitEnumerator<NoSplit, Void> {
    @Override
    public void start() {
      // readers take from the feed
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
      // readers do not ask
    }

    @Override
    public void addSplitsBack(List<NoSplit> splits, int subtask) {
      // none went out
    }

    @Override
    public void addReader(int subtask) {
      // readers take from the feed
    }

    @Override
    public Void snapshotState(long checkpointId) {
      return null;
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  /** Flink asks for serializers before there is anything to write. */
  private static final class Unsupported<T> implements SimpleVersionedSerializer<T> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(T value) {
      throw new UnsupportedOperationException("a feed is in no checkpoint");
    }

    @Override
    public T deserialize(int version, byte[] bytes) {
      throw new UnsupportedOperationException("a feed is in no checkpoint");
    }
  }
}
