package io.penstock.operators.stage;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The clock of {@link StageTiming}s. */
public final class EpochClock {
  private EpochClock() {}

  /**
   * @return microseconds since the epoch
   */
  public static long micros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }
}
