package io.penstock.job.kafka;

import io.penstock.job.Commands;
import io.penstock.job.PrefillOptions;
import io.penstock.job.PrefillPlan;
import io.penstock.job.PrefillRuntime;
import io.penstock.job.PrefillTopology;
import io.penstock.udf.stage.StageOpener;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * The job with its Kafka edges inside this process, put together as its submission does.
 *
 * @param client of the running job
 * @param restPort of the cluster's REST interface, on loopback
 */
public record KafkaJob(JobClient client, int restPort) implements AutoCloseable {

  /**
   * Starts it; a warning about its topics is a failure.
   *
   * @param folder for checkpoints
   * @param opener opens the stages
   * @param options as on the command line
   */
  public static KafkaJob start(Path folder, StageOpener opener, List<String> options)
      throws Exception {
    Options parsed = new Options();
    Commands.of(parsed).parseArgs(options.toArray(String[]::new));
    KafkaOptions kafka = parsed.kafka;
    KafkaClients clients = kafka.connection().clients();
    KafkaTopics topics =
        KafkaTopics.prepare(
            clients,
            kafka,
            warning -> {
              throw new AssertionError(warning);
            });
    PrefillPlan plan = PrefillPlan.resolve(parsed.job);
    int restPort = freePort();
    Map<String, String> config = new HashMap<>();
    config.put("taskmanager.numberOfTaskSlots", "3");
    config.put("rest.address", "localhost");
    config.put("rest.bind-port", "" + restPort);
    config.put("rest.port", "" + restPort);
    config.put("execution.checkpointing.dir", folder.toUri().toString());
    config.put("restart-strategy.type", "fixed-delay");
    config.put("restart-strategy.fixed-delay.attempts", "10");
    config.put("restart-strategy.fixed-delay.delay", "10 ms");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(Configuration.fromMap(config));
    PrefillRuntime.require(environment);
    if (kafka.delivery() == Delivery.EXACTLY_ONCE) {
      PrefillRuntime.recoverWithTransactions(
          environment, parsed.job.checkpointInterval(), kafka.transactionTimeout());
    } else {
      PrefillRuntime.recover(environment, parsed.job.checkpointInterval());
    }
    PrefillTopology.build(environment, plan, new KafkaEdges(clients, kafka, topics), opener);
    return new KafkaJob(environment.executeAsync(plan.jobName()), restPort);
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    client.cancel().join();
  }

  @Command
  private static final class Options {
    @Mixin private PrefillOptions job;
    @Mixin private KafkaOptions kafka;
  }
}
