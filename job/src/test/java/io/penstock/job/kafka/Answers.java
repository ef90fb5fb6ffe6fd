package io.penstock.job.kafka;

import static org.assertj.core.api.Assertions.fail;

import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.UnreadableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** All that the job has written so far: results and dead letters, in order, with repetitions. */
public final class Answers implements AutoCloseable {

  /**
   * @param code why the record was refused
   * @param key of the record as it came
   * @param value of the record as it came
   * @param message for a person
   */
  public record Refusal(String code, byte[] key, byte[] value, String message) {}

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final String resultTopic;
  private final List<PrefillResult> results = new ArrayList<>();
  private final List<Refusal> refusals = new ArrayList<>();

  /**
   * Reads the topics, which are there, from the beginning.
   *
   * @param bootstrapServers where
   * @param topics what the names of the topics begin with
   * @param isolation {@code read_committed}, or {@code read_uncommitted}, which sees what was never
   *     committed as well
   */
  public Answers(String bootstrapServers, String topics, String isolation) {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    resultTopic = topics + "-results";
    consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : List.of(resultTopic, topics + "-dead-letters")) {
      consumer
          .partitionsFor(topic)
          .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** Reads on until something holds; fails with what is there if that takes too long. */
  public void await(Duration limit, String what, Predicate<Answers> holds)
      throws UnreadableRecordException {
    long end = System.nanoTime() + limit.toNanos();
    while (!holds.test(this)) {
      if (System.nanoTime() > end) {
        fail(
            "waited %s for %s: answered %d %s, refused %d",
            limit, what, answered().size(), answered(), refusals.size());
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
        take(record);
      }
    }
  }

  /** Reads what is there by now. */
  public void readToEnd(Duration limit) throws UnreadableRecordException {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    await(
        limit,
        "the end of the topics",
        all ->
            ends.entrySet().stream().allMatch(e -> consumer.position(e.getKey()) >= e.getValue()));
  }

  private void take(ConsumerRecord<byte[], byte[]> record) throws UnreadableRecordException {
    if (record.topic().equals(resultTopic)) {
      results.add(AvroCodec.PREFILL_RESULT.decode(record.value()));
    } else {
      refusals.add(
          new Refusal(
              header(record, DeadLetterHeaders.REASON_CODE),
              record.key(),
              record.value(),
              header(record, DeadLetterHeaders.EXCEPTION_MESSAGE)));
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  /**
   * @return results so far; the same prompt may be there more than once
   */
  public List<PrefillResult> results() {
    return results;
  }

  /**
   * @return dead letters so far
   */
  public List<Refusal> refusals() {
    return refusals;
  }

  /**
   * @return ids of the prompts that have a result
   */
  public Set<String> answered() {
    Set<String> ids = new LinkedHashSet<>();
    results.forEach(result -> ids.add(result.getRequestId()));
    return ids;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
