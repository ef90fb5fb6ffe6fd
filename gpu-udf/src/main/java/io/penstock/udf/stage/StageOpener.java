package io.penstock.udf.stage;

import java.io.IOException;
import java.io.Serializable;

/** Opens a stage in the process where it runs; travels to it with the job. */
@FunctionalInterface
public interface StageOpener extends Serializable {

  /**
   * Loads or finds the stage's weights, allocates its KV pool and starts its worker. May take
   * seconds.
   *
   * @param spec which stage of which model, on what
   * @param maxOutstanding most batches submitted and not completed
   * @return the stage, owned by the caller
   * @throws IOException if the model cannot be read
   * @throws IllegalStateException if this machine cannot hold or run the stage: with the sizes, and
   *     which option changes it
   */
  OpenStage open(StageSpec spec, int maxOutstanding) throws IOException;
}
