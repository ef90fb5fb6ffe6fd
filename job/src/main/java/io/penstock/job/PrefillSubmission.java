package io.penstock.job;

import io.penstock.job.kafka.Delivery;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaEdges;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.job.kafka.KafkaTopics;
import io.penstock.udf.family.Stages;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Submits the job from the client: everything that can be found wrong is found here, before Flink
 * has the job.
 */
@Command(
    name = "flink run penstock-job.jar",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = "Prefills the prompts of a Kafka topic and writes their first tokens to another.")
final class PrefillSubmission implements Callable<Integer> {
  @Mixin private PrefillOptions options;
  @Mixin private KafkaOptions kafka;

  @Spec private CommandSpec spec;

  /**
   * @param args options
   */
  static void submit(String... args) {
    CommandLine line = Commands.of(new PrefillSubmission());
    StringWriter said = new StringWriter();
    line.setErr(new PrintWriter(said, true));
    int code = line.execute(args);
    System.err.print(said);
    if (code != 0) {
      CommandLineExit.exit(code, said.toString().strip());
    }
  }

  @Override
  public Integer call() throws Exception {
    options.check();
    PrefillPlan plan = PrefillPlan.resolve(options);
    KafkaClients clients = kafka.connection().clients();
    KafkaTopics topics = KafkaTopics.prepare(clients, kafka, PrefillSubmission::warn);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    ClusterSlots.check(environment.getConfiguration(), plan);
    if (environment
        .getConfiguration()
        .getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY)
        .isEmpty()) {
      warn(
          "no "
              + CheckpointingOptions.CHECKPOINTS_DIRECTORY.key()
              + " is set: checkpoints go to the JobManager's heap, which takes only small ones");
    }
    PrefillRuntime.require(environment);
    recover(environment);
    PrefillRuntime.show(environment, Commands.values(spec));
    PrefillTopology.build(environment, plan, new KafkaEdges(clients, kafka, topics), new Stages());
    System.err.println(plan.describe());
    environment.execute(plan.jobName());
    return 0;
  }

  private void recover(StreamExecutionEnvironment environment) throws RefusedException {
    if (kafka.delivery() == Delivery.EXACTLY_ONCE) {
      PrefillRuntime.recoverWithTransactions(
          environment, options.checkpointInterval(), kafka.transactionTimeout());
    } else {
      PrefillRuntime.recover(environment, options.checkpointInterval());
    }
  }

  private static void warn(String sentence) {
    System.err.println("warning: " + sentence);
  }
}
