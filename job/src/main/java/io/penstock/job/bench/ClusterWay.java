package io.penstock.job.bench;

import io.penstock.job.RefusedException;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaMessages;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Prompt;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The job on a running cluster: prompts go to its prompt topic, answers come from its result topic.
 * The processor time is that of the cluster's processes and of this one, which is the client.
 */
final class ClusterWay implements Way {
  private static final Duration POLL = Duration.ofMillis(500);

  /** No answer for so long, and the job is taken for dead. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final KafkaMessages messages;
  private final JobTopics topics;
  private final List<Long> pids;

  /**
   * @param topics where the running job reads and writes
   * @param pids the cluster's processes: Kafka, JobManager, TaskManagers
   * @throws RefusedException if Kafka does not answer
   */
  ClusterWay(JobTopics topics, List<Long> pids) throws RefusedException {
    this.topics = topics;
    this.pids = pids;
    this.messages = KafkaMessages.connect(KafkaClients.of(topics.bootstrapServers()));
    try {
      messages.listen(topics.results(), topics.deadLetters());
    } catch (RefusedException | RuntimeException e) {
      messages.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "cluster";
  }

  @Override
  public int[] prefill(List<int[]> prompts) throws Exception {
    Tickets tickets = new Tickets(prompts.size());
    for (int[] ids : prompts) {
      Prompt prompt = tickets.prompt(ids);
      messages.send(topics.prompts(), prompt.getRequestId(), AvroCodec.PROMPT.encode(prompt));
    }
    long lastAnswer = System.nanoTime();
    while (tickets.open() > 0) {
      for (ConsumerRecord<byte[], byte[]> record : messages.poll(POLL)) {
        if (record.topic().equals(topics.deadLetters())) {
          throw new RefusedException(
              "a prompt was refused; see topic " + topics.deadLetters() + " for the reason");
        }
        tickets.answer(AvroCodec.PREFILL_RESULT.decode(record.value()));
        lastAnswer = System.nanoTime();
      }
      if (System.nanoTime() - lastAnswer > PATIENCE.toNanos()) {
        throw new RefusedException(
            "no answer within " + PATIENCE.toMinutes() + " minutes; see scripts/penstock logs");
      }
    }
    return tickets.firstTokens();
  }

  @Override
  public Duration processorTime() {
    return ProcessorTime.of(pids).plus(ProcessorTime.ofThisProcess());
  }

  @Override
  public void close() {
    messages.close();
  }
}
