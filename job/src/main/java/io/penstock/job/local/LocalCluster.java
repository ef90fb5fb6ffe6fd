package io.penstock.job.local;

import io.penstock.job.PrefillPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.FileUtils;

/** A Flink of this process, sized to one graph; its ports, all on loopback, are taken as free. */
public final class LocalCluster {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int SEGMENT_MIB = 1;

  /**
   * Flink gives the writing side of an edge up to 10 buffers, and the reading side as many: what a
   * stage can run ahead of the next is 10 MiB.
   */
  private static final int BUFFERS_PER_EDGE = 20;

  private LocalCluster() {}

  /**
   * @param plan the graph's sizes
   * @return an environment that runs one job in a new cluster, which ends with the job; its files
   *     are in a folder of their own, removed when the process ends
   * @throws IOException if there is no room for its files
   */
  public static StreamExecutionEnvironment environment(PrefillPlan plan) throws IOException {
    Configuration config = new Configuration();
    config.set(CoreOptions.TMP_DIRS, folder().toString());
    int slots = plan.stageSlots() + plan.ioSlots();
    config.set(TaskManagerOptions.NUM_TASK_SLOTS, slots);
    config.set(TaskManagerOptions.MINI_CLUSTER_NUM_TASK_MANAGERS, 1);
    config.set(TaskManagerOptions.MEMORY_SEGMENT_SIZE, MemorySize.ofMebiBytes(SEGMENT_MIB));
    long edges = plan.stageSlots() + (long) plan.replicas() * (plan.admitParallelism() + 1);
    MemorySize network = MemorySize.ofMebiBytes(edges * BUFFERS_PER_EDGE * SEGMENT_MIB + 16);
    config.set(TaskManagerOptions.NETWORK_MEMORY_MIN, network);
    config.set(TaskManagerOptions.NETWORK_MEMORY_MAX, network);
    config.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(slots));
    config.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    config.set(RestOptions.BIND_ADDRESS, LOOPBACK);
    config.set(RestOptions.ADDRESS, LOOPBACK);
    config.set(RestOptions.BIND_PORT, "0");
    config.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    config.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    config.set(TaskManagerOptions.HOST, LOOPBACK);
    config.set(WebOptions.SUBMIT_ENABLE, false);
    config.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
    return StreamExecutionEnvironment.createLocalEnvironment(config);
  }

  /** Flink would leave some files behind: the process does not wait for the cluster's own end. */
  private static Path folder() throws IOException {
    Path folder = Files.createTempDirectory("penstock-local-");
    Runnable remove = () -> FileUtils.deleteDirectoryQuietly(folder.toFile());
    Runtime.getRuntime().addShutdownHook(new Thread(remove, "remove-files"));
    return folder;
  }
}
