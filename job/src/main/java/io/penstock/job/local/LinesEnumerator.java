package io.penstock.job.local;

import java.util.List;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/** Hands the one split to the first reader that registers, and tells the others to end. */
final class LinesEnumerator implements SplitEnumerator<LinesSplit, LinesSplit> {
  private final SplitEnumeratorContext<LinesSplit> context;
  private LinesSplit unassigned;

  /**
   * @param context Flink's
   * @param unassigned the split, or null if a reader has it
   */
  LinesEnumerator(SplitEnumeratorContext<LinesSplit> context, LinesSplit unassigned) {
    this.context = context;
    this.unassigned = unassigned;
  }

  @Override
  public void start() {
    // splits go out when readers come
  }

  @Override
  public void handleSplitRequest(int subtask, String host) {
    // readers do not ask
  }

  @Override
  public void addSplitsBack(List<LinesSplit> splits, int subtask) {
    if (splits.isEmpty()) {
      return;
    }
    unassigned = splits.get(0);
    if (context.registeredReaders().containsKey(subtask)) {
      addReader(subtask);
    }
  }

  @Override
  public void addReader(int subtask) {
    if (unassigned != null) {
      context.assignSplit(unassigned, subtask);
      unassigned = null;
    }
    context.signalNoMoreSplits(subtask);
  }

  @Override
  public LinesSplit snapshotState(long checkpointId) {
    return unassigned;
  }

  @Override
  public void close() {
    // holds nothing
  }
}
