package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.cpu.CpuUnderTest;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A chunk batch makes no garbage of its size: the collector has nothing to do with tokens. Asked of
 * the scalar row kernels, since the Vector API's vectors are objects until the JVM has compiled
 * their loops, whenever that is.
 */
class ChunkHeapTest {
  private static final int MAX_ROWS = 1024;
  private static final int PAGES = MAX_ROWS / 64;
  private static final long LIMIT_BYTES = 4 << 10;

  private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  @Test
  void theHeapThatABatchTakesIsSmallWhateverItsRows() throws IOException {
    WeightCache cache = new WeightCache();
    try (Model model = Models.open(TinyModels.directory("llama-bias-a"))) {
      ModelConfig config = model.config();
      LayerRange range = new LayerRange(0, 1);
      Backend backend = new CpuUnderTest("f32", 1, true).open();
      WeightCache.Lease lease =
          cache.lease(
              new WeightCache.Key("test", range, "cpu"),
              () -> StageWeights.pack(config, model.weights(), range, backend));
      try (LlamaStage stage = new LlamaStage(config, range, backend, lease, PAGES, MAX_ROWS)) {
        Activations out = new Activations(backend.residualType(), MAX_ROWS, config.hiddenSize());
        for (int rows : new int[] {64, MAX_ROWS}) {
          assertThat(least(stage, rows, out)).as("rows=%s", rows).isLessThan(LIMIT_BYTES);
        }
      }
    }
    cache.closeIdle();
  }

  /** Bytes on the heap for a batch: the least of a few, since the first makes kernels. */
  private long least(LlamaStage stage, int rows, Activations out) {
    int[] pages = new int[PAGES];
    for (int i = 0; i < PAGES; i++) {
      pages[i] = i;
    }
    List<Segment> segments = List.of(new Segment("p", 0, rows, pages, true));
    ChunkBatch batch = new ChunkBatch(0, segments, new int[rows]);
    out.resize(rows);
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      stage.run(batch, null, out);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}
