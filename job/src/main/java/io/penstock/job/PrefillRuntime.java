package io.penstock.job;

import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * How Flink is to run the graph: what must be so, and what a cluster's configuration may change.
 */
public final class PrefillRuntime {
  private PrefillRuntime() {}

  /**
   * What the operators rely on: records are handed over inside a chain without copies, no type
   * falls back to Kryo, a fragment leaves when it is written, nothing is batched until a buffer is
   * full. Checkpoints are aligned and exactly once: at the barrier nothing may be in a stage. State
   * is on the heap, where a prompt is kept as it is and can be asked for at each batch.
   *
   * @param environment changed
   */
  public static void require(StreamExecutionEnvironment environment) {
    Configuration must = new Configuration();
    must.set(PipelineOptions.OBJECT_REUSE, true);
    must.set(PipelineOptions.GENERIC_TYPES, false);
    must.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
    must.set(StateBackendOptions.STATE_BACKEND, "hashmap");
    must.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    must.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    environment.configure(must);
  }

  /**
   * Checkpoints and restarts. A barrier queues behind the batches inside the stages, so a
   * checkpoint takes about (stages + in-flight) × the time of a batch. Before that, it queues
   * behind the records that wait for room in a full head, and these move on only as prompts are
   * opened: under backlog a checkpoint takes as long as that. So it may take long, and one that
   * expires is no failure of the job: nothing is lost but a later place to go on from, and a
   * restart would only add to the backlog. Restarts come at growing intervals and end after {@value
   * #ATTEMPTS} failures in a row. What the cluster's configuration or {@code -D} says about these
   * wins, but for the interval.
   *
   * @param environment changed
   * @param checkpointInterval {@code --checkpoint-interval}
   */
  public static void recover(StreamExecutionEnvironment environment, Duration checkpointInterval) {
    Configuration settings = new Configuration();
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
    Defaults defaults = new Defaults(environment, settings);
    defaults.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofHours(1));
    defaults.set(
        CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, checkpointInterval.dividedBy(2));
    defaults.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, Integer.MAX_VALUE);
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

  /**
   * Shows the job's options in the web UI, under "Configuration" of the job.
   *
   * @param environment changed
   * @param options names and values; no secrets, since whoever reaches the UI reads them
   */
  static void show(StreamExecutionEnvironment environment, Map<String, String> options) {
    environment.getConfig().setGlobalJobParameters(Configuration.fromMap(options));
  }

  /**
   * Checkpoints of a job that commits its answers with them: they may take only so long that no
   * transaction outlives its timeout, and one that fails is a failure of the job. Like {@link
   * #recover}, which is part of it, this leaves alone what the cluster's configuration says, and
   * then checks the sum.
   *
   * @param environment changed
   * @param checkpointInterval {@code --checkpoint-interval}
   * @param transactionTimeout {@code --transaction-timeout}
   * @throws RefusedException if answers could be lost with a transaction that Kafka gives up
   */
  public static void recoverWithTransactions(
      StreamExecutionEnvironment environment,
      Duration checkpointInterval,
      Duration transactionTimeout)
      throws RefusedException {
    Duration pause =
        environment
            .getConfiguration()
            .getOptional(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS)
            .orElse(Duration.ZERO);
    Duration gap = checkpointInterval.compareTo(pause) > 0 ? checkpointInterval : pause;
    TransactionBudget budget = new TransactionBudget(transactionTimeout, gap);
    Configuration settings = new Configuration();
    Defaults defaults = new Defaults(environment, settings);
    defaults.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, 0);
    defaults.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, budget.checkpointTimeout());
    environment.configure(settings);
    recover(environment, checkpointInterval);
    budget.check(
        Duration.ofMillis(environment.getCheckpointConfig().getCheckpointTimeout()),
        environment.getCheckpointConfig().getTolerableCheckpointFailureNumber());
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
