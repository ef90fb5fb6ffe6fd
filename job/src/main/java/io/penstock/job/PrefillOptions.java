package io.penstock.job;

import io.penstock.operators.chunk.ChunkPolicy;
import io.penstock.udf.kv.KvLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.flink.configuration.MemorySize;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/**
 * The options of the job itself, the same for {@code flink run} and {@code penstock local}; Kafka's
 * are in {@link io.penstock.job.kafka.KafkaOptions}. Filled by picocli. Names follow SGLang where
 * it has one. {@code docs/options.md} is generated from here.
 */
public final class PrefillOptions {
  @Option(
      names = "--model-path",
      required = true,
      paramLabel = "PATH",
      description =
          "The model: a GGUF file, or a Hugging Face directory with config.json and safetensors. Read"
              + " at submission and by every stage: the same path on every machine.")
  private Path modelPath;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description =
          "A chat template (Jinja) in place of the model's own, for prompts that are messages. Read at"
              + " submission alone.")
  private Path chatTemplate;

  @Option(
      names = "--pp-size",
      defaultValue = "1",
      paramLabel = "STAGES",
      description =
          "Pipeline stages the model's layers are split over; each takes a slot of its own.")
  private int ppSize;

  @Option(
      names = "--chunk-policy",
      defaultValue = "fixed",
      paramLabel = "POLICY",
      description = "How prompts are cut into chunks; only fixed.")
  private ChunkPolicy chunkPolicy;

  @Option(
      names = "--chunked-prefill-size",
      defaultValue = "512",
      paramLabel = "TOKENS",
      description = "Tokens of a chunk batch; a multiple of the page size.")
  private int chunkedPrefillSize;

  @Option(
      names = "--max-running-requests",
      defaultValue = "32",
      paramLabel = "PROMPTS",
      description = "Most prompts of a replica that are partly prefilled at once.")
  private int maxRunningRequests;

  @Option(
      names = "--max-total-tokens",
      paramLabel = "TOKENS",
      description =
          "Capacity of the KV cache of a replica, rounded down to whole pages; a longer prompt is"
              + " refused. Default: eight times the model's context, or less where the KV of all stages"
              + " and replicas would pass a quarter of the memory of the machine that submits (counted"
              + " with 4 bytes an element).")
  private Long maxTotalTokens;

  @Option(
      names = "--page-size",
      defaultValue = "64",
      paramLabel = "TOKENS",
      description = "Tokens of a KV page; only 64.")
  private int pageSize;

  @Option(
      names = "--max-in-flight",
      defaultValue = "2",
      paramLabel = "BATCHES",
      description = "Most chunk batches inside one stage: one computing, the others ready.")
  private int maxInFlight;

  @Option(
      names = "--max-queued-bytes",
      defaultValue = "64mb",
      paramLabel = "SIZE",
      description = "Most bytes of prompts that wait in a head; what is beyond waits in Kafka.")
  private MemorySize maxQueuedBytes;

  @Option(
      names = "--backend",
      defaultValue = "cpu",
      paramLabel = "NAME",
      description = "What computes: cpu, or reference (plain Java, slow, for checking).")
  private String backend;

  @Option(
      names = "--cpu-threads",
      defaultValue = "1",
      paramLabel = "THREADS",
      description = "Threads of each stage on the cpu backend.")
  private int cpuThreads;

  @Option(
      names = "--cpu-precision",
      defaultValue = "auto",
      paramLabel = "PRECISION",
      description =
          "Precision of the products on the cpu backend: ${COMPLETION-CANDIDATES}. auto takes the best"
              + " that the machine has and logs it; one that the machine lacks fails.")
  private CpuPrecision cpuPrecision;

  @Option(
      names = "--replicas",
      defaultValue = "1",
      paramLabel = "N",
      description = "Copies of the whole pipeline; prompts of one routing key go to the same one.")
  private int replicas;

  @Option(
      names = "--admit-parallelism",
      defaultValue = "1",
      paramLabel = "N",
      description = "Parallel readers and tokenizers; order is kept for each Kafka partition.")
  private int admitParallelism;

  @Option(
      names = "--checkpoint-interval",
      defaultValue = "10s",
      paramLabel = "DURATION",
      description =
          "Time between checkpoints; after a failure, the prompts read since the last one are read"
              + " again. Has no effect on penstock local.")
  private Duration checkpointInterval;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  /**
   * Checks each value alone and against the others; what needs the model is checked when it is
   * open, by {@link PrefillPlan}.
   *
   * @throws ParameterException with option names and values
   */
  public void check() {
    atLeast("--pp-size", ppSize, 1);
    atLeast("--max-running-requests", maxRunningRequests, 1);
    atLeast("--max-in-flight", maxInFlight, 1);
    atLeast("--cpu-threads", cpuThreads, 1);
    atLeast("--replicas", replicas, 1);
    atLeast("--admit-parallelism", admitParallelism, 1);
    atLeast("--max-queued-bytes", maxQueuedBytes.getBytes(), 1);
    atLeast("--checkpoint-interval (ms)", checkpointInterval.toMillis(), 10);
    require(
        pageSize == KvLayout.PAGE_TOKENS,
        "--page-size=" + pageSize + " is not supported; only " + KvLayout.PAGE_TOKENS);
    require(
        chunkedPrefillSize >= pageSize && chunkedPrefillSize % pageSize == 0,
        "--chunked-prefill-size="
            + chunkedPrefillSize
            + " is not a positive multiple of --page-size="
            + pageSize);
    if (maxTotalTokens != null) {
      atLeast("--max-total-tokens", maxTotalTokens, pageSize);
    }
  }

  private void atLeast(String option, long value, long least) {
    require(value >= least, option + "=" + value + " must be at least " + least);
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /**
   * @return {@code --model-path}
   */
  public Path modelPath() {
    return modelPath;
  }

  /**
   * @return {@code --chat-template}, if it was given
   */
  public Optional<Path> chatTemplate() {
    return Optional.ofNullable(chatTemplate);
  }

  /**
   * @return {@code --pp-size}: pipeline stages
   */
  public int ppSize() {
    return ppSize;
  }

  /**
   * @return {@code --chunk-policy}
   */
  public ChunkPolicy chunkPolicy() {
    return chunkPolicy;
  }

  /**
   * @return {@code --chunked-prefill-size}: tokens of a batch
   */
  public int chunkedPrefillSize() {
    return chunkedPrefillSize;
  }

  /**
   * @return {@code --max-running-requests}: prompts
   */
  public int maxRunningRequests() {
    return maxRunningRequests;
  }

  /**
   * @return {@code --max-total-tokens}, if it was given
   */
  public OptionalLong maxTotalTokens() {
    return maxTotalTokens == null ? OptionalLong.empty() : OptionalLong.of(maxTotalTokens);
  }

  /**
   * @return {@code --max-in-flight}: batches
   */
  public int maxInFlight() {
    return maxInFlight;
  }

  /**
   * @return {@code --max-queued-bytes}
   */
  public MemorySize maxQueuedBytes() {
    return maxQueuedBytes;
  }

  /**
   * @return {@code --backend}
   */
  public String backend() {
    return backend;
  }

  /**
   * @return {@code --cpu-threads}
   */
  public int cpuThreads() {
    return cpuThreads;
  }

  /**
   * @return {@code --cpu-precision}
   */
  public CpuPrecision cpuPrecision() {
    return cpuPrecision;
  }

  /**
   * @return {@code --replicas}
   */
  public int replicas() {
    return replicas;
  }

  /**
   * @return {@code --admit-parallelism}
   */
  public int admitParallelism() {
    return admitParallelism;
  }

  /**
   * @return {@code --checkpoint-interval}
   */
  public Duration checkpointInterval() {
    return checkpointInterval;
  }
}
