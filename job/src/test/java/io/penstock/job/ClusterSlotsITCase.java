package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.model.TinyModels;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Asks a cluster with two TaskManagers of one slot over REST. */
class ClusterSlotsITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static MiniCluster cluster;
  private static URI rest;

  @BeforeAll
  static void startCluster() throws Exception {
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(
                    Configuration.fromMap(
                        Map.of(
                            "taskmanager.cpu.cores", "1",
                            "taskmanager.memory.task.heap.size", "400mb")))
                .setNumTaskManagers(2)
                .setNumSlotsPerTaskManager(1)
                .withRandomPorts()
                .build());
    cluster.start();
    rest = cluster.getRestAddress().get();
  }

  @AfterAll
  static void stopCluster() throws Exception {
    cluster.closeAsync().get();
  }

  @Test
  void enoughSlotsAreEnough() {
    assertThatCode(() -> check(rest.getPort(), 2)).doesNotThrowAnyException();
  }

  @Test
  void tooFewSlotsAreRefusedWithTheNumbers() {
    assertThatThrownBy(() -> check(rest.getPort(), 3))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("lacks slots: needed 3")
        .hasMessageContaining("taskManagers=2 free=[cores=1.0 heap=400mb, cores=1.0 heap=400mb]")
        .hasMessageContaining("--pp-size");
  }

  @Test
  @Timeout(60)
  void aClusterThatDoesNotAnswerIsRefusedWithinSeconds() {
    assertThatThrownBy(() -> check(1, 1))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no Flink JobManager answers at")
        .hasMessageContaining(":1");
  }

  private static void check(int port, int stages) throws RefusedException {
    PrefillPlan plan =
        PrefillPlan.resolve(
            PrefillOptionsTest.parse(
                "--model-path=" + TinyModels.directory("llama-gqa-a"),
                "--backend=reference --pp-size=" + stages));
    Configuration client = new Configuration();
    client.setString("execution.target", "remote");
    client.setString("rest.address", rest.getHost());
    client.setString("rest.port", Integer.toString(port));
    ClusterSlots.check(client, plan, PATIENCE);
  }
}
