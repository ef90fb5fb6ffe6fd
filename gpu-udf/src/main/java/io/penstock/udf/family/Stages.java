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
import io.penstock.udf.stage.ActivationsPool;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageExecutor;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens stages of real models: file, backend, weights, KV pool, worker. */
public final class Stages implements StageOpener {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(Stages.class);

  @Override
  public OpenStage open(StageSpec spec, int maxOutstanding) throws IOException {
    long start = System.nanoTime();
    try (Model model = Models.open(Path.of(spec.modelPath()))) {
      ModelConfig config = model.config();
      LayerRange range =
          StageLayout.balanced(config.layers(), spec.stages()).ranges().get(spec.stage());
      Backend backend =
          Backends.open(spec.backend(), new BackendOptions(spec.precision(), spec.threads()));
      WeightCache.Lease lease = lease(model, range, backend);
      KvLayout kv = LlamaStage.kvLayout(config, range, backend);
      LlamaStage program =
          new LlamaStage(config, range, backend, lease, spec.kvPages(), spec.maxBatchTokens());
      LOG.info(
          "Stage {} is open: layers={}–{} backend=[{}] weightsMiB={} kvMiB={} kvTokens={} tookMillis={}",
          spec.stage(),
          range.first(),
          range.end() - 1,
          backend.describe(),
          lease.weights().sizeBytes() >> 20,
          kv.poolBytes(spec.kvPages()) >> 20,
          (long) spec.kvPages() * KvLayout.PAGE_TOKENS,
          (System.nanoTime() - start) / 1_000_000);
      ActivationsPool inputs = spec.first() ? null : activations(spec, config, backend);
      ActivationsPool outputs = spec.last() ? null : activations(spec, config, backend);
      return new OpenStage(
          new StageExecutor("stage-" + spec.stage(), program, outputs, maxOutstanding),
          inputs,
          outputs,
          range,
          config.hiddenSize(),
          config.vocabSize(),
          backend.residualType(),
          backend.describe(),
          kv.bytesPerToken());
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
