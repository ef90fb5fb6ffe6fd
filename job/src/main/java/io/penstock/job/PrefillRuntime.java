package io.penstock.job;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * How Flink is to run the graph: what must be so, and what a cluster's configuration may change.
 */
public final class PrefillRuntime {
  private PrefillRuntime() {}

  /**
   * What the operators rely on: records are handed over inside a chain without copies, no type
   * falls back to Kryo, a fragment leaves when it is written, nothing is batched until a buffer is
   * full.
   *
   * @param environment changed
   */
  public static void require(StreamExecutionEnvironment environment) {
    Configuration must = new Configuration();
    must.set(PipelineOptions.OBJECT_REUSE, true);
    must.set(PipelineOptions.GENERIC_TYPES, false);
    must.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
    environment.configure(must);
  }

  /**
   * Checkpoints and restarts. A barrier queues behind the batches inside the stages, so a
   * checkpoint takes about (stages + in-flight) × the time of a batch: minutes for a large model on
   * slow stages. Restarts come at growing intervals and end after {@value #ATTEMPTS} failures in a
   * row. What the cluster's configuration or {@code -D} says about these wins, but for the
   * interval.
   *
   * @param environment changed
   * @param checkpointInterval {@code --checkpoint-interval}
   */
  public static void recover(StreamExecutionEnvironment environment, Duration checkpointInterval) {
    Configuration settings = new Configuration();
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
    Defaults defaults = new Defaults(environment, settings);
    defaults.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofMinutes(10));
    defaults.set(
        CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, checkpointInterval.dividedBy(2));
    defaults.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, 3);
    defaults.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    if (environment
        .getConfiguration()
        .getOptional(RestartStrategyOptions.RESTART_STRATEGY)
        .isEmpty()) {
      settings.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
      defaults.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
          Duration.ofSeconds(1));
      defaults.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
          Duration.ofSeconds(30));
      defaults.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_BACKOFF_MULTIPLIER, 2.0);
      defaults.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD,
          Duration.ofMinutes(10));
      defaults.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_ATTEMPTS, ATTEMPTS);
    }
    environment.configure(settings);
  }

  private static final int ATTEMPTS = 20;

  /** Sets what nobody else has set. */
  private record Defaults(StreamExecutionEnvironment environment, Configuration settings) {
    <T> void set(ConfigOption<T> option, T value) {
      if (environment.getConfiguration().getOptional(option).isEmpty()) {
        settings.set(option, value);
      }
    }
  }
}
