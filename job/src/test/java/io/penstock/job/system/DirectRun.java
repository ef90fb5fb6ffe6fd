package io.penstock.job.system;

import io.penstock.udf.family.Stages;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageResult;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * The model in this JVM, without Flink: one stage, one prompt after the other, chunks of another
 * size than the job's. What it says is what the job has to say, bit for bit.
 */
final class DirectRun implements AutoCloseable {
  private static final int CHUNK_TOKENS = 1024;

  private final OpenStage stage;
  private final int[] pages;
  private long sequence;

  /**
   * @param model GGUF file
   * @param contextTokens longest prompt
   */
  DirectRun(Path model, int contextTokens) throws IOException {
    int kvPages = KvLayout.pagesFor(contextTokens);
    pages = IntStream.range(0, kvPages).toArray();
    StageSpec spec = new StageSpec(model.toString(), 0, 1, "cpu", "auto", 1, kvPages, CHUNK_TOKENS);
    stage = new Stages().open(spec, 1);
  }

  /**
   * @param ids prompt
   * @return logits of its last token
   */
  float[] logits(int[] ids) {
    float[][] logits = {};
    for (int at = 0; at < ids.length; at += CHUNK_TOKENS) {
      int tokens = Math.min(CHUNK_TOKENS, ids.length - at);
      int[] table = Arrays.copyOf(pages, KvLayout.pagesFor(at + tokens));
      Segment segment = new Segment("direct", at, tokens, table, at + tokens == ids.length);
      CompletableFuture<StageResult> done = new CompletableFuture<>();
      stage
          .executor()
          .submit(
              new ChunkBatch(
                  sequence++, List.of(segment), Arrays.copyOfRange(ids, at, at + tokens)),
              null,
              done::complete);
      StageResult result = done.join();
      if (result.failure() != null) {
        throw new AssertionError("direct run failed at token " + at, result.failure());
      }
      logits = result.logits();
    }
    return logits[0];
  }

  @Override
  public void close() {
    stage.close();
  }
}
