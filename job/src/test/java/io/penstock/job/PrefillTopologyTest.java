package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaEdges;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.job.kafka.KafkaTopics;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.TinyModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamEdge;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.streaming.runtime.partitioner.ForwardPartitioner;
import org.junit.jupiter.api.Test;

class PrefillTopologyTest {

  @Test
  void theGraphReadsLikeThePicture() throws RefusedException {
    List<String> vertices = vertices(graph("--pp-size=3 --replicas=2 --admit-parallelism=4"));
    assertThat(vertices)
        .containsExactlyInAnyOrder(
            "Source: Prompts -> Admit -> Dead letters: Writer" + " -> Dead letters: Committer x4",
            "Head and stage 0, layers 0-0 -> Dead letters: Writer"
                + " -> Dead letters: Committer x2",
            "Stage 1, layers 1-1 x2",
            "Stage 2, layers 2-2 -> First token x2",
            "Results: Writer -> Results: Committer x2");
  }

  @Test
  void oneStageIsTheHeadWithTheFirstToken() throws RefusedException {
    assertThat(vertices(graph("--pp-size=1")))
        .contains(
            "Head and stage 0, layers 0-2 -> (Dead letters: Writer"
                + " -> Dead letters: Committer, First token) x1");
  }

  @Test
  void everyOperatorHasAUidOfItsOwn() throws RefusedException {
    List<String> uids =
        graph("--pp-size=3").getStreamNodes().stream()
            .map(StreamNode::getTransformationUID)
            .toList();
    assertThat(uids).doesNotContainNull().doesNotHaveDuplicates();
  }

  @Test
  void stagesHaveSlotsOfTheirOwnAndTheEdgesShareOne() throws RefusedException {
    Map<String, List<String>> groups =
        graph("--pp-size=2").getStreamNodes().stream()
            .collect(
                Collectors.groupingBy(
                    StreamNode::getSlotSharingGroup,
                    Collectors.mapping(StreamNode::getOperatorName, Collectors.toList())));
    assertThat(groups).containsOnlyKeys("io", "stage-0", "stage-1");
    assertThat(groups.get("io"))
        .containsExactlyInAnyOrder(
            "Source: Prompts",
            "Admit",
            "Dead letters: Writer",
            "Dead letters: Committer",
            "Results: Writer",
            "Results: Committer");
    assertThat(groups.get("stage-0"))
        .containsExactlyInAnyOrder(
            "Head and stage 0, layers 0-0", "Dead letters: Writer", "Dead letters: Committer");
  }

  @Test
  void framesGoForward() throws RefusedException {
    StreamGraph graph = graph("--pp-size=3 --replicas=2");
    for (StreamNode node : graph.getStreamNodes()) {
      boolean frames =
          node.getOperatorName().startsWith("Stage")
              || node.getOperatorName().equals("First token");
      if (frames) {
        assertThat(node.getInEdges())
            .extracting(StreamEdge::getPartitioner)
            .hasSize(1)
            .allMatch(partitioner -> partitioner instanceof ForwardPartitioner);
      }
    }
  }

  @Test
  void whatTheClusterSaysAboutRestartsWins() {
    StreamExecutionEnvironment environment = new StreamExecutionEnvironment();
    PrefillRuntime.recover(environment, Duration.ofSeconds(3));
    assertThat(environment.getConfiguration().get(RestartStrategyOptions.RESTART_STRATEGY))
        .isEqualTo("exponential-delay");
    assertThat(environment.getCheckpointConfig().getCheckpointInterval()).isEqualTo(3_000);
    assertThat(environment.getCheckpointConfig().getTolerableCheckpointFailureNumber())
        .isEqualTo(Integer.MAX_VALUE);
    assertThat(environment.getCheckpointConfig().getCheckpointTimeout())
        .isEqualTo(Duration.ofHours(1).toMillis());

    Configuration theirs = new Configuration();
    theirs.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    environment = new StreamExecutionEnvironment(theirs);
    PrefillRuntime.recover(environment, Duration.ofSeconds(3));
    assertThat(environment.getConfiguration().get(RestartStrategyOptions.RESTART_STRATEGY))
        .isEqualTo("fixed-delay");
  }

  @Test
  void theClusterCannotChangeWhatTheOperatorsRelyOn() {
    Configuration theirs = new Configuration();
    theirs.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    theirs.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.AT_LEAST_ONCE);
    theirs.set(CheckpointingOptions.ENABLE_UNALIGNED, true);
    StreamExecutionEnvironment environment = new StreamExecutionEnvironment(theirs);
    PrefillRuntime.require(environment);
    PrefillRuntime.recover(environment, Duration.ofSeconds(3));
    assertThat(environment.getConfiguration().get(StateBackendOptions.STATE_BACKEND))
        .isEqualTo("hashmap");
    assertThat(environment.getCheckpointConfig().getCheckpointingConsistencyMode())
        .isEqualTo(CheckpointingMode.EXACTLY_ONCE);
    assertThat(environment.getCheckpointConfig().isUnalignedCheckpointsEnabled()).isFalse();
  }

  private static StreamGraph graph(String options) throws RefusedException {
    PrefillPlan plan =
        PrefillPlan.resolve(
            PrefillOptionsTest.parse(
                "--model-path=" + TinyModels.directory("llama-gqa-a"),
                "--backend=reference " + options));
    StreamExecutionEnvironment environment = new StreamExecutionEnvironment();
    PrefillRuntime.require(environment);
    KafkaOptions kafka = new KafkaOptions();
    Commands.of(kafka).parseArgs();
    KafkaTopics topics = new KafkaTopics(1, 1, 1);
    PrefillTopology.build(
        environment,
        plan,
        new KafkaEdges(KafkaClients.of("nowhere:1"), kafka, topics),
        new Stages());
    return environment.getStreamGraph();
  }

  /** Names of the chained vertices with their parallelism. */
  private static List<String> vertices(StreamGraph graph) {
    List<String> names = new ArrayList<>();
    for (JobVertex vertex : graph.getJobGraph().getVertices()) {
      names.add(vertex.getName() + " x" + vertex.getParallelism());
    }
    return names;
  }
}
