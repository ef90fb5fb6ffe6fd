package io.penstock.job.cli;

import io.penstock.job.RefusedException;
import io.penstock.job.kafka.KafkaConnection;
import io.penstock.job.kafka.KafkaMessages;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Cancel;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code penstock cancel}: asks the job to give a prompt up. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = {
      "Asks the job to give up a prompt that is queued or partly prefilled.",
      "Best effort: the prompt ends with a result of status cancelled, unless its result is already"
          + " on the way. After a restart of the job a cancel may have to be repeated."
    })
final class CancelCommand implements Callable<Integer> {
  @Parameters(paramLabel = "REQUEST_ID", description = "The prompt's request_id.")
  private String requestId;

  @Option(
      names = "--routing-key",
      paramLabel = "KEY",
      description = "The prompt's routing_key, if it has one.")
  private String routingKey;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Returned on the result.")
  private String reason;

  @Mixin private KafkaConnection connection;

  @Option(
      names = "--control-topic",
      defaultValue = KafkaOptions.CONTROL_TOPIC,
      paramLabel = "TOPIC",
      description = "The job's control topic.")
  private String controlTopic;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws RefusedException {
    Cancel cancel =
        Cancel.newBuilder()
            .setRequestId(requestId)
            .setRoutingKey(routingKey)
            .setReason(reason)
            .build();
    try (KafkaMessages messages = KafkaMessages.connect(connection.clients())) {
      messages.send(controlTopic, requestId, AvroCodec.CANCEL.encode(cancel));
    }
    spec.commandLine().getErr().println("asked to cancel " + requestId);
    return 0;
  }
}
