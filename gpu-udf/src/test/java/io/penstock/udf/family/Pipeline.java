package io.penstock.udf.family;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.StageLayout;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All stages of a model in one process, each with its worker thread, and nothing between them: a
 * stage's completion submits to the next. Closing checks that all activations came back.
 */
final class Pipeline implements AutoCloseable {
  private static final int MAX_OUTSTANDING = 1000;

  private record Stage(StageExecutor executor, ActivationsPool outputs) {}

  private final List<Stage> stages = new ArrayList<>();
  private final WeightCache cache = new WeightCache();
  private final int kvPages;
  private long nextSequence;

  /**
   * @param model open meanwhile, not afterwards
   * @param stages how many
   * @param backends opens one for each stage
   * @param kvPages pages of each stage's pool
   * @param maxRows most rows of a batch
   */
  Pipeline(Model model, int stages, Supplier<Backend> backends, int kvPages, int maxRows)
      throws IOException {
    this.kvPages = kvPages;
    try {
      for (LayerRange range : StageLayout.balanced(model.config().layers(), stages).ranges()) {
        this.stages.add(stage(model, range, backends.get(), maxRows));
      }
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Stage stage(Model model, LayerRange range, Backend backend, int maxRows)
      throws IOException {
    ModelConfig config = model.config();
    WeightCache.Lease lease =
        cache.lease(
            new WeightCache.Key(model.identity(), range, backend.describe()),
            () -> StageWeights.pack(config, model.weights(), range, backend));
    LlamaStage program = new LlamaStage(config, range, backend, lease, kvPages, maxRows);
    ActivationsPool outputs =
        range.end() == config.layers()
            ? null
            : new ActivationsPool(backend.residualType(), maxRows, config.hiddenSize());
    String name = "stage-" + range.first();
    return new Stage(new StageExecutor(name, program, outputs, MAX_OUTSTANDING), outputs);
  }

  /** Pages of each stage's pool. */
  int kvPages() {
    return kvPages;
  }

  /**
   * Sends batches through all stages, all at once.
   *
   * @param batches segments and token ids of each
   * @return logits by request id
   */
  Map<String, float[]> run(List<Batch> batches) throws Exception {
    Queue<StageResult> ended = new ConcurrentLinkedQueue<>();
    CompletableFuture<Void> all = new CompletableFuture<>();
    for (Batch batch : batches) {
      ChunkBatch chunk = new ChunkBatch(nextSequence++, batch.segments(), batch.tokenIds());
      submit(
          0,
          chunk,
          null,
          result -> {
            ended.add(result);
            if (result.failure() != null) {
              all.completeExceptionally(result.failure());
            } else if (ended.size() == batches.size()) {
              all.complete(null);
            }
          });
    }
    all.get(10, TimeUnit.MINUTES);
    Map<String, float[]> logits = new TreeMap<>();
    for (StageResult result : ended) {
      int row = 0;
      for (Segment segment : result.batch().segments()) {
        if (segment.last()) {
          logits.put(segment.requestId(), result.logits()[row++]);
        }
      }
    }
    return logits;
  }

  private void submit(int index, ChunkBatch batch, Activations in, Consumer<StageResult> last) {
    Stage stage = stages.get(index);
    stage
        .executor()
        .submit(
            batch,
            in,
            result -> {
              if (in != null) {
                stages.get(index - 1).outputs().give(in);
              }
              if (result.out() == null) {
                last.accept(result);
              } else {
                ChunkBatch next = new ChunkBatch(batch.sequence(), batch.segments(), new int[0]);
                submit(index + 1, next, result.out(), last);
              }
            });
  }

  /** One batch: its segments and the tokens of all of them. */
  record Batch(List<Segment> segments, int[] tokenIds) {}

  /** Pages that so many tokens need. */
  static int pages(int tokens) {
    return KvLayout.pagesFor(tokens);
  }

  @Override
  public void close() {
    stages.forEach(stage -> stage.executor().close());
    cache.closeIdle();
    for (Stage stage : stages) {
      if (stage.outputs() != null && stage.outputs().inUse() != 0) {
        throw new AssertionError("activations not given back: " + stage.outputs().inUse());
      }
    }
    if (cache.size() != 0) {
      throw new AssertionError("weights not given back: " + cache.size());
    }
  }
}
