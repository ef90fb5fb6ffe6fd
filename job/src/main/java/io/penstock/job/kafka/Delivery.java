package io.penstock.job.kafka;

import java.util.Locale;

/** How often a reader of the result and dead-letter topics may see the same answer. */
public enum Delivery {
  /** Answers are there at once; after a failure the same one may come again. */
  AT_LEAST_ONCE,
  /** Answers are written in Kafka transactions and are there when a checkpoint is complete. */
  EXACTLY_ONCE;

  /** As it is written on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
