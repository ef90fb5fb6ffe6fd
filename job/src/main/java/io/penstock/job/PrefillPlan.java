package io.penstock.job;

import io.penstock.operators.admit.AdmitSpec;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.chunk.HeadSpec;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.token.FirstTokenSpec;
import io.penstock.udf.backend.Backends;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.StageLayout;
import io.penstock.udf.stage.StageSpec;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What the options come to for one model: all numbers settled, on the client, before the graph is
 * wired.
 *
 * @param options as given
 * @param modelPath absolute
 * @param model what the model looks like
 * @param layout which stage holds which layers
 * @param kvPages KV pages of a replica
 * @param chatTemplate text of a chat template in place of the model's own; null for that
 */
public record PrefillPlan(
    PrefillOptions options,
    Path modelPath,
    ModelConfig model,
    StageLayout layout,
    int kvPages,
    String chatTemplate) {

  /**
   * Opens the model, headers only.
   *
   * @param options checked by {@link PrefillOptions#check()}
   * @return the plan
   * @throws RefusedException if the model cannot be opened, the options do not fit it, or the file
   *     of {@code --chat-template} cannot be used
   */
  public static PrefillPlan resolve(PrefillOptions options) throws RefusedException {
    if (!Backends.names().contains(options.backend())) {
      throw new RefusedException(
          "--backend=" + options.backend() + " is not there; known: " + Backends.names());
    }
    Path path = options.modelPath().toAbsolutePath().normalize();
    String chatTemplate =
        options.chatTemplate().isPresent()
            ? ChatTemplateFile.read(options.chatTemplate().get())
            : null;
    try (Model model = Models.open(path)) {
      ModelConfig config = model.config();
      return new PrefillPlan(
          options,
          path,
          config,
          StageLayout.balanced(config.layers(), options.ppSize()),
          KvCapacity.pages(options.maxTotalTokens(), config, options.replicas()),
          chatTemplate);
    } catch (IOException e) {
      throw new RefusedException("cannot open --model-path=" + path + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(e.getMessage(), e);
    }
  }

  /**
   * @return pipeline stages
   */
  public int stages() {
    return layout.ranges().size();
  }

  /**
   * @return copies of the pipeline
   */
  public int replicas() {
    return options.replicas();
  }

  /**
   * @return parallel sources
   */
  public int admitParallelism() {
    return options.admitParallelism();
  }

  /**
   * @return slots that the stages take
   */
  public int stageSlots() {
    return stages() * replicas();
  }

  /**
   * @return slots that source, admission and sinks take
   */
  public int ioSlots() {
    return Math.max(admitParallelism(), replicas());
  }

  /**
   * @return tokens that the KV cache of a replica holds
   */
  public int kvTokens() {
    return kvPages * KvLayout.PAGE_TOKENS;
  }

  /**
   * @return name of the job in the web UI
   */
  public String jobName() {
    return "Penstock prefill · " + model.name();
  }

  /**
   * @param stage from 0
   * @return layers of the stage, for people: {@code layers 0-9}
   */
  public String layers(int stage) {
    LayerRange range = layout.ranges().get(stage);
    return "layers " + range.first() + "-" + (range.end() - 1);
  }

  /**
   * @param stage from 0
   * @return the same among the model's: {@code layers 0-9 of 30}
   */
  String layersOfAll(int stage) {
    return layers(stage) + " of " + model.layers();
  }

  /**
   * @param format how prompts are written
   * @return of the admission
   */
  public AdmitSpec admit(RecordFormat format) {
    return new AdmitSpec(
        modelPath.toString(),
        format,
        model.contextTokens(),
        kvTokens(),
        model.vocabSize(),
        chatTemplate);
  }

  /**
   * @return of the chunker
   */
  public HeadSpec head() {
    return new HeadSpec(
        options.chunkPolicy(),
        options.chunkedPrefillSize(),
        options.maxRunningRequests(),
        options.maxQueuedBytes().getBytes(),
        kvPages,
        options.maxInFlight(),
        Fragment.MAX_BYTES);
  }

  /**
   * @param stage from 0
   * @return of that stage
   */
  public StageSpec stage(int stage) {
    return new StageSpec(
        modelPath.toString(),
        stage,
        stages(),
        options.backend(),
        options.cpuPrecision().toString(),
        options.cpuThreads(),
        kvPages,
        head().maxBatchTokens());
  }

  /**
   * @return of the first token
   */
  public FirstTokenSpec firstToken() {
    return new FirstTokenSpec(
        modelPath.toString(), model.name(), stages(), head().describePolicy());
  }

  /**
   * @return one line for whoever submits
   */
  public String describe() {
    return "model="
        + model.name()
        + " layers="
        + model.layers()
        + " context="
        + model.contextTokens()
        + " stages="
        + stages()
        + " replicas="
        + replicas()
        + " backend="
        + options.backend()
        + " chunkPolicy="
        + head().describePolicy()
        + " kvTokens="
        + kvTokens();
  }
}
