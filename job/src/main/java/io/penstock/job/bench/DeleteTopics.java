package io.penstock.job.bench;

import io.penstock.job.RefusedException;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaTopics;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How {@code scripts/penstock} clears away what a run has left on a Kafka; not for people. */
@Command(name = "delete-topics", hidden = true)
final class DeleteTopics implements Callable<Integer> {
  @Option(names = "--bootstrap-servers", required = true)
  private String bootstrapServers;

  @Option(names = "--topics", required = true)
  private String topics;

  @Override
  public Integer call() throws RefusedException {
    KafkaTopics.delete(KafkaClients.of(bootstrapServers), topics + "-");
    return 0;
  }
}
