package io.penstock.job;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.client.deployment.StandaloneClusterId;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.ResourceProfileInfo;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerInfo;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagersHeaders;

/**
 * Whether a standalone cluster has the slots that the job needs, asked at submission: a job without
 * them would sit in CREATED for minutes. Clusters that start TaskManagers as needed are not asked.
 */
final class ClusterSlots {
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final long ANSWER_SECONDS = 10;

  private ClusterSlots() {}

  /**
   * Waits some seconds for slots that are just coming up or being given back.
   *
   * @param config the client's configuration
   * @param plan says how many slots are needed
   * @throws RefusedException if the cluster does not answer or has too few slots
   */
  static void check(ReadableConfig config, PrefillPlan plan) throws RefusedException {
    check(config, plan, PATIENCE);
  }

  /** The same with another patience. */
  static void check(ReadableConfig config, PrefillPlan plan, Duration patience)
      throws RefusedException {
    if (!"remote".equals(config.get(DeploymentOptions.TARGET))) {
      return;
    }
    String address = config.get(RestOptions.ADDRESS) + ":" + config.get(RestOptions.PORT);
    Configuration clientConfig = Configuration.fromMap(config.toMap());
    long deadline = System.nanoTime() + patience.toNanos();
    try (RestClusterClient<StandaloneClusterId> client =
        new RestClusterClient<>(clientConfig, StandaloneClusterId.getInstance())) {
      while (true) {
        Collection<TaskManagerInfo> found = taskManagers(client);
        if (fits(
            found.stream().map(ClusterSlots::room).toList(), plan.stageSlots(), plan.ioSlots())) {
          return;
        }
        if (System.nanoTime() > deadline) {
          throw new RefusedException(describe(found, plan, address));
        }
        TimeUnit.MILLISECONDS.sleep(500);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted while asking the cluster for its slots", e);
    } catch (RefusedException e) {
      throw e;
    } catch (Exception e) { // the client's constructor declares it
      throw new RefusedException("no Flink JobManager answers at " + address + ": " + e, e);
    }
  }

  private static Collection<TaskManagerInfo> taskManagers(
      RestClusterClient<StandaloneClusterId> client)
      throws ExecutionException, InterruptedException, TimeoutException {
    return client
        .sendRequest(
            TaskManagersHeaders.getInstance(),
            EmptyMessageParameters.getInstance(),
            EmptyRequestBody.getInstance())
        .get(ANSWER_SECONDS, TimeUnit.SECONDS)
        .getTaskManagerInfos();
  }

  private static String describe(
      Collection<TaskManagerInfo> found, PrefillPlan plan, String address) {
    List<String> free = new ArrayList<>();
    for (TaskManagerInfo one : found) {
      free.add(room(one).toString());
    }
    return "the cluster at "
        + address
        + " lacks slots: needed "
        + plan.stageSlots()
        + " for the stages (--pp-size x --replicas) with "
        + PrefillTopology.STAGE
        + " each, "
        + plan.ioSlots()
        + " for the edges with "
        + PrefillTopology.IO
        + " each; taskManagers="
        + found.size()
        + " free="
        + free
        + ". Start more TaskManagers, cancel another job, or lower --pp-size or --replicas.";
  }

  private static Room room(TaskManagerInfo one) {
    ResourceProfileInfo free = one.getFreeResource();
    return new Room(free.getCpu(), free.getTaskHeapMB());
  }

  /**
   * What one TaskManager has free.
   *
   * @param cores CPU cores
   * @param heapMb heap, MiB
   */
  record Room(double cores, double heapMb) {
    private static final double ROUNDING = 1e-6;

    /** What is left beside a slot; null if it does not fit. */
    Room beside(SlotNeed slot) {
      double coresLeft = cores - slot.cores();
      double heapLeft = heapMb - slot.heap().getMebiBytes();
      return coresLeft < -ROUNDING || heapLeft < 0 ? null : new Room(coresLeft, heapLeft);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "cores=%.1f heap=%.0fmb", cores, heapMb);
    }
  }

  /** Whether the slots fit, each put where it fits first, the larger ones before the smaller. */
  static boolean fits(List<Room> free, int stageSlots, int ioSlots) {
    List<Room> rooms = new ArrayList<>(free);
    for (int slot = 0; slot < stageSlots + ioSlots; slot++) {
      if (!place(slot < stageSlots ? PrefillTopology.STAGE : PrefillTopology.IO, rooms)) {
        return false;
      }
    }
    return true;
  }

  private static boolean place(SlotNeed slot, List<Room> rooms) {
    for (int i = 0; i < rooms.size(); i++) {
      Room left = rooms.get(i).beside(slot);
      if (left != null) {
        rooms.set(i, left);
        return true;
      }
    }
    return false;
  }
}
