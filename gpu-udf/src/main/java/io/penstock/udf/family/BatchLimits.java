package io.penstock.udf.family;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.ElementType;
import io.penstock.udf.stage.Segment;

/**
 * What a stage was opened for. Backends work on memory that nobody else guards, so whatever comes
 * from outside is held against this first. Messages tell numbers, never token ids.
 *
 * @param first whether the stage embeds tokens
 * @param last whether it gives logits
 * @param vocabSize token ids are below this
 * @param hiddenSize columns of activations
 * @param type of activations
 * @param maxRows most rows of a batch
 * @param kvPages page ids are below this
 * @param positions most tokens of a prompt
 */
record BatchLimits(
    boolean first,
    boolean last,
    int vocabSize,
    int hiddenSize,
    ElementType type,
    int maxRows,
    int kvPages,
    int positions) {

  /** Limits of a stage with these layers; a prompt fills the context or the pool at most. */
  static BatchLimits of(
      ModelConfig config, LayerRange range, ElementType type, int maxRows, int kvPages) {
    return new BatchLimits(
        range.first() == 0,
        range.end() == config.layers(),
        config.vocabSize(),
        config.hiddenSize(),
        type,
        maxRows,
        kvPages,
        (int) Math.min(config.contextTokens(), (long) kvPages * KvLayout.PAGE_TOKENS));
  }

  /**
   * @throws IllegalArgumentException if the batch is not what this stage can compute
   */
  void check(ChunkBatch batch, Activations in, Activations out) {
    int rows = batch.rows();
    if (rows < 1 || rows > maxRows) {
      throw wrong(batch, "rows=" + rows + " maxBatchTokens=" + maxRows);
    }
    if (first) {
      checkTokens(batch, rows);
    }
    checkActivations(batch, "in", in, first, rows);
    checkActivations(batch, "out", out, last, rows);
    for (int i = 0; i < batch.segments().size(); i++) {
      checkSegment(batch, i);
    }
  }

  private void checkTokens(ChunkBatch batch, int rows) {
    int[] ids = batch.tokenIds();
    if (ids.length != rows) {
      throw wrong(batch, "tokenIds=" + ids.length + " rows=" + rows);
    }
    for (int row = 0; row < rows; row++) {
      if (ids[row] < 0 || ids[row] >= vocabSize) {
        throw wrong(batch, "a token id is not below vocabSize=" + vocabSize + ": row=" + row);
      }
    }
  }

  private void checkActivations(
      ChunkBatch batch, String which, Activations activations, boolean none, int rows) {
    boolean right =
        none
            ? activations == null
            : activations != null
                && activations.rows() == rows
                && activations.cols() == hiddenSize
                && activations.type() == type;
    if (!right) {
      String expected = none ? "none" : rows + " × " + hiddenSize + " " + type;
      String got =
          activations == null
              ? "none"
              : activations.rows() + " × " + activations.cols() + " " + activations.type();
      throw wrong(batch, "activations " + which + "=" + got + " expected=" + expected);
    }
  }

  private void checkSegment(ChunkBatch batch, int index) {
    Segment segment = batch.segments().get(index);
    int prefix = segment.prefixTokens();
    long end = (long) prefix + segment.tokens();
    if (segment.tokens() < 1
        || prefix < 0
        || prefix % KvLayout.PAGE_TOKENS != 0
        || end > positions) {
      throw wrong(
          batch,
          "segment=%d prefixTokens=%d tokens=%d positions=%d pageTokens=%d"
              .formatted(index, prefix, segment.tokens(), positions, KvLayout.PAGE_TOKENS));
    }
    int pages = KvLayout.pagesFor(end);
    int[] table = segment.pageTable();
    if (table.length < pages) {
      throw wrong(batch, "segment=" + index + " pageTable=" + table.length + " needed=" + pages);
    }
    for (int page = 0; page < pages; page++) {
      if (table[page] < 0 || table[page] >= kvPages) {
        throw wrong(
            batch,
            "no such KV page: segment=%d page=%d kvPages=%d"
                .formatted(index, table[page], kvPages));
      }
    }
  }

  private static IllegalArgumentException wrong(ChunkBatch batch, String what) {
    return new IllegalArgumentException("wrong batch: sequence=" + batch.sequence() + " " + what);
  }
}
