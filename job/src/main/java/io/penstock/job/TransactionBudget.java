package io.penstock.job;

import java.time.Duration;

/**
 * How long checkpoints may take, so that no answer is lost with a transaction that Kafka gives up.
 * Such a loss is silent: prompts are past the offset, and the sink only logs that it could not
 * commit. So a transaction has to be committed in time, or the job has to fail first and go on from
 * the checkpoint before.
 *
 * <p>A transaction of a sink begins after a barrier has passed it, at the earliest when that
 * checkpoint was triggered, and is committed when a later checkpoint is complete. Of the
 * checkpoints in between, each of which may take up to its timeout, at most the tolerable number
 * may fail:
 *
 * <pre>
 *   age at the commit  ≤  (tolerable + 2) × checkpoint timeout + (tolerable + 1) × gap between checkpoints
 * </pre>
 *
 * That must fit into two thirds of the transaction's timeout. The last third is for the outage in
 * which a complete checkpoint has not been committed yet. Pure.
 *
 * @param transactionTimeout {@code --transaction-timeout}
 * @param gap most time from the end of a checkpoint to the next
 */
record TransactionBudget(Duration transactionTimeout, Duration gap) {

  /**
   * @return most that age and gaps may take together
   */
  Duration forCheckpoints() {
    return transactionTimeout.multipliedBy(2).dividedBy(3);
  }

  /**
   * @return the longest checkpoint timeout that fits, if no failed checkpoint is tolerated
   * @throws RefusedException if the gaps alone take too much
   */
  Duration checkpointTimeout() throws RefusedException {
    if (gap.multipliedBy(3).compareTo(transactionTimeout) > 0) {
      throw new RefusedException(
          "checkpoints are too rare for --transaction-timeout="
              + text(transactionTimeout)
              + ": --checkpoint-interval or min-pause="
              + text(gap)
              + " may be a third of it; give a shorter interval or a longer timeout");
    }
    return forCheckpoints().minus(gap).dividedBy(2);
  }

  /**
   * @param checkpointTimeout how long a checkpoint may take
   * @param tolerable how many in a row may fail
   * @throws RefusedException if a transaction could outlive its timeout
   */
  void check(Duration checkpointTimeout, int tolerable) throws RefusedException {
    double wanted =
        (tolerable + 2.0) * checkpointTimeout.toMillis() + (tolerable + 1.0) * gap.toMillis();
    if (wanted > forCheckpoints().toMillis()) {
      throw new RefusedException(
          "answers could be lost with a transaction that Kafka gives up:"
              + " execution.checkpointing.timeout="
              + text(checkpointTimeout)
              + " execution.checkpointing.tolerable-failed-checkpoints="
              + tolerable
              + " and a gap of "
              + text(gap)
              + " between checkpoints need more than two thirds of --transaction-timeout="
              + text(transactionTimeout)
              + "; raise it, lower them, or leave both to the job");
    }
  }

  private static String text(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
