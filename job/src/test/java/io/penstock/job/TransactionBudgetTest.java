package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

class TransactionBudgetTest {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final Duration TIMEOUT = Duration.ofMinutes(15);

  @Test
  void twoCheckpointsAndTheirGapTakeTwoThirds() throws Exception {
    TransactionBudget budget = new TransactionBudget(TIMEOUT, INTERVAL);
    assertThat(budget.checkpointTimeout()).isEqualTo(Duration.ofSeconds(295));
    budget.check(Duration.ofSeconds(295), 0);
    assertThatThrownBy(() -> budget.check(Duration.ofSeconds(296), 0))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("execution.checkpointing.timeout=296000ms")
        .hasMessageContaining("--transaction-timeout=900000ms");
  }

  @Test
  void eachToleratedFailureIsAnotherCheckpoint() throws Exception {
    TransactionBudget budget = new TransactionBudget(TIMEOUT, INTERVAL);
    budget.check(Duration.ofSeconds(193), 1); // 3 × 193 s + 2 × 10 s = 599 s
    assertThatThrownBy(() -> budget.check(Duration.ofSeconds(194), 1))
        .hasMessageContaining("tolerable-failed-checkpoints=1");
    assertThatThrownBy(() -> budget.check(Duration.ofSeconds(1), Integer.MAX_VALUE))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void checkpointsMustComeOftenEnough() throws Exception {
    Duration third = TIMEOUT.dividedBy(3);
    assertThat(new TransactionBudget(TIMEOUT, third).checkpointTimeout())
        .isEqualTo(third.dividedBy(2));
    assertThatThrownBy(
            () -> new TransactionBudget(TIMEOUT, third.plusMillis(1)).checkpointTimeout())
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--checkpoint-interval")
        .hasMessageContaining("--transaction-timeout=900000ms");
  }

  @Test
  void theJobFailsBeforeItsTransactionsDo() throws Exception {
    StreamExecutionEnvironment environment = recovered(new Configuration());
    assertThat(environment.getCheckpointConfig().getCheckpointTimeout()).isEqualTo(295_000);
    assertThat(environment.getCheckpointConfig().getTolerableCheckpointFailureNumber()).isZero();
    assertThat(environment.getCheckpointConfig().getCheckpointInterval()).isEqualTo(10_000);
  }

  @Test
  void whatTheClusterSaysIsTakenIfItFits() throws Exception {
    Configuration theirs = new Configuration();
    theirs.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofMinutes(2));
    theirs.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, 2);
    StreamExecutionEnvironment environment = recovered(theirs);
    assertThat(environment.getCheckpointConfig().getCheckpointTimeout()).isEqualTo(120_000);
    assertThat(environment.getCheckpointConfig().getTolerableCheckpointFailureNumber())
        .isEqualTo(2);

    theirs.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofHours(1));
    assertThatThrownBy(() -> recovered(theirs))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("execution.checkpointing.timeout=3600000ms");

    Configuration rare = new Configuration();
    rare.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, Duration.ofMinutes(6));
    assertThatThrownBy(() -> recovered(rare)).hasMessageContaining("min-pause=360000ms");
  }

  private static StreamExecutionEnvironment recovered(Configuration theirs)
      throws RefusedException {
    StreamExecutionEnvironment environment = new StreamExecutionEnvironment(theirs);
    PrefillRuntime.recoverWithTransactions(environment, INTERVAL, TIMEOUT);
    return environment;
  }
}
