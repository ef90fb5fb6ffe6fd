package io.penstock.job.bench;

import java.util.Locale;

/** Ways of ours, as {@code --through} takes them. */
enum Through {
  /** The stages without Flink. */
  BARE,
  /** The job in this process. */
  LOCAL,
  /** The job on a cluster, with Kafka. */
  CLUSTER;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
