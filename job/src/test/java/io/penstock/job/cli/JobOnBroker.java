package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.job.kafka.KafkaBroker;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaJob;
import io.penstock.job.kafka.KafkaMessages;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.TinyModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The job with its Kafka edges and a broker, both in this process. */
final class JobOnBroker {
  /** The tiny model that it runs. */
  static final String MODEL = "llama-gqa-a";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final KafkaBroker broker;
  private final KafkaJob job;

  /**
   * @param folder for checkpoints
   * @param extra options besides those that it needs
   */
  JobOnBroker(Path folder, String... extra) throws Exception {
    broker = new KafkaBroker();
    List<String> words =
        new ArrayList<>(
            List.of(
                "--model-path=" + TinyModels.directory(MODEL),
                "--backend=reference",
                "--pp-size=2",
                "--chunked-prefill-size=64",
                "--checkpoint-interval=200ms",
                "--bootstrap-servers=" + broker.bootstrapServers()));
    words.addAll(List.of(extra));
    job = KafkaJob.start(folder, new Stages(), words);
  }

  String bootstrapServers() {
    return broker.bootstrapServers();
  }

  /** Sends a record and waits for the next one on another topic with this key. */
  ConsumerRecord<byte[], byte[]> answer(
      ProducerRecord<byte[], byte[]> record, String topic, String key) throws Exception {
    try (KafkaMessages messages =
        KafkaMessages.connect(KafkaClients.of(broker.bootstrapServers()))) {
      messages.listen(topic);
      send(record);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (System.nanoTime() < deadline) {
        for (ConsumerRecord<byte[], byte[]> each : messages.poll(Duration.ofMillis(100))) {
          if (Arrays.equals(each.key(), key.getBytes(UTF_8))) {
            return each;
          }
        }
      }
      throw new AssertionError("nothing came: topic=" + topic + " key=" + key);
    }
  }

  /** Sends a record. */
  void send(ProducerRecord<byte[], byte[]> record) throws Exception {
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClients.of(broker.bootstrapServers()).producer(), bytes, bytes)) {
      producer.send(record).get();
    }
  }

  /** Sends a record that is refused, and waits for its dead letter. */
  ConsumerRecord<byte[], byte[]> refused(String key, byte[] value) throws Exception {
    return answer(prompt(key, value), KafkaOptions.DEAD_LETTER_TOPIC, key);
  }

  static ProducerRecord<byte[], byte[]> prompt(String key, byte[] value) {
    return new ProducerRecord<>(KafkaOptions.PROMPT_TOPIC, key.getBytes(UTF_8), value);
  }

  static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    return Arrays.stream(record.headers().toArray())
        .collect(Collectors.toMap(h -> h.key(), h -> new String(h.value(), UTF_8)));
  }

  /** Ends the job, then the broker. */
  void close() throws Exception {
    job.close();
    broker.close();
  }
}
