package io.penstock.operators.chunk;

import io.penstock.schemas.Cancel;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * The routing keys that are a head's own. Every head reads all cancels; one of a prompt that is
 * another head's must not touch a prompt of the same id here, nor wait here for one.
 *
 * @param maxParallelism key groups of the job
 * @param parallelism heads of the job
 * @param index of this head, from 0
 */
record OwnKeys(int maxParallelism, int parallelism, int index) {

  static OwnKeys of(TaskInfo task) {
    return new OwnKeys(
        task.getMaxNumberOfParallelSubtasks(),
        task.getNumberOfParallelSubtasks(),
        task.getIndexOfThisSubtask());
  }

  /** Whether the cancel's prompt, by the key that it tells, comes to this head. */
  boolean hold(Cancel cancel) {
    String told = cancel.getRoutingKey();
    String key = told == null || told.isEmpty() ? cancel.getRequestId() : told;
    return KeyGroupRangeAssignment.assignKeyToParallelOperator(key, maxParallelism, parallelism)
        == index;
  }
}
