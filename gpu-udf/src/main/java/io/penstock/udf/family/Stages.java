package io.penstock.udf.family;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.Backends;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.StageLayout;
import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.Segment;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens stages of real models: file, backend, weights, KV pool, worker. */
public final class Stages implements StageOpener {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(Stages.class);

  @Override
  public OpenStage open(StageSpec spec, int maxOutstanding) throws IOException {
    check(spec, maxOutstanding);
    OpenStage open = null;
    try (Model model = Models.open(Path.of(spec.modelPath()))) {
      open = open(spec, maxOutstanding, model);
    } catch (IOException | RuntimeException | Error e) {
      if (open != null) {
        open.close(); // the model's file could not be closed
      }
      throw e;
    }
    return open;
  }

  private static OpenStage open(StageSpec spec, int maxOutstanding, Model model)
      throws IOException {
    long start = System.nanoTime();
    ModelConfig config = model.config();
    if (!LlamaStage.FAMILIES.contains(config.family())) {
      throw new IllegalStateException(
          "no stage for this model: family=%s model=%s; see --model-path"
              .formatted(config.family(), config.name()));
    }
    LayerRange range =
        StageLayout.balanced(config.layers(), spec.stages()).ranges().get(spec.stage());
    Backend backend =
        Backends.open(spec.backend(), new BackendOptions(spec.precision(), spec.threads()));
    WeightCache.Lease lease = lease(model, range, backend);
    LlamaStage program =
        new LlamaStage(config, range, backend, lease, spec.kvPages(), spec.maxBatchTokens());
    KvLayout kv = LlamaStage.kvLayout(config, range, backend);
    ActivationsPool inputs = spec.first() ? null : activations(spec, config, backend);
    ActivationsPool outputs = spec.last() ? null : activations(spec, config, backend);
    warmUp(spec, config, backend, program);
    OpenStage open =
        new OpenStage(
            new StageExecutor("stage-" + spec.stage(), program, outputs, maxOutstanding),
            inputs,
            outputs,
            range,
            config.hiddenSize(),
            config.vocabSize(),
            backend.residualType(),
            backend.describe(),
            kv.bytesPerToken());
    LOG.info(
        "Stage {} of {} is open: model={} layers={}–{} backend=[{}] weightBytes={} kvBytes={} kvTokens={} tookMillis={}",
        spec.stage(),
        spec.stages(),
        config.name(),
        range.first(),
        range.end() - 1,
        open.backendDescription(),
        lease.weights().sizeBytes(),
        kv.poolBytes(spec.kvPages()),
        (long) spec.kvPages() * KvLayout.PAGE_TOKENS,
        (System.nanoTime() - start) / 1_000_000);
    return open;
  }

  /**
   * Computes a batch of zeros before the stage opens: what a backend makes at its first batch
   * (kernels, scratch memory), and what this machine cannot do, comes now and not amid prompts.
   * Closes the program if it cannot.
   */
  private static void warmUp(
      StageSpec spec, ModelConfig config, Backend backend, LlamaStage program) {
    int rows =
        Math.min(Math.min(KvLayout.PAGE_TOKENS, spec.maxBatchTokens()), config.contextTokens());
    Segment segment = new Segment("warm-up", 0, rows, new int[] {0}, true);
    ChunkBatch batch =
        new ChunkBatch(0, List.of(segment), spec.first() ? new int[rows] : new int[0]);
    try {
      Activations in = spec.first() ? null : zeros(rows, config, backend);
      Activations out = spec.last() ? null : zeros(rows, config, backend);
      program.run(batch, in, out);
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  private static Activations zeros(int rows, ModelConfig config, Backend backend) {
    Activations activations = new Activations(backend.residualType(), rows, config.hiddenSize());
    activations.resize(rows);
    return activations;
  }

  private static void check(StageSpec spec, int maxOutstanding) {
    if (spec.stage() < 0
        || spec.stage() >= spec.stages()
        || spec.threads() < 1
        || spec.kvPages() < 1
        || spec.maxBatchTokens() < 1
        || maxOutstanding < 1) {
      throw new IllegalArgumentException(
          "a stage cannot be opened so: maxOutstanding=" + maxOutstanding + " " + spec);
    }
  }

  /** Weights from the cache; closes the backend if they cannot be had. */
  private static WeightCache.Lease lease(Model model, LayerRange range, Backend backend)
      throws IOException {
    try {
      return WeightCache.PROCESS.lease(
          new WeightCache.Key(model.identity(), range, backend.describe()),
          () -> StageWeights.pack(model.config(), model.weights(), range, backend));
    } catch (IOException | RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  private static ActivationsPool activations(StageSpec spec, ModelConfig config, Backend backend) {
    return new ActivationsPool(backend.residualType(), spec.maxBatchTokens(), config.hiddenSize());
  }
}
