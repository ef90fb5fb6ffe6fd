package io.penstock.job.kafka;

import io.penstock.operators.chunk.ControlSource;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Cancel;
import io.penstock.schemas.UnreadableRecordException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cancels from the control topic: from now on, of all partitions. Each head reads all of them; the
 * ones that belong to other replicas are its own to ignore.
 *
 * @param bootstrapServers {@code --bootstrap-servers}
 * @param topic {@code --control-topic}
 */
record KafkaControl(String bootstrapServers, String topic) implements ControlSource {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaControl.class);

  @Override
  public ControlReader open() {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            KafkaClients.consumer(bootstrapServers),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    return new Reader(consumer, topic);
  }

  /** Used by one thread. */
  private static final class Reader implements ControlReader {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topic;
    private boolean assigned;

    Reader(KafkaConsumer<byte[], byte[]> consumer, String topic) {
      this.consumer = consumer;
      this.topic = topic;
    }

    @Override
    public List<Cancel> poll(Duration timeout) {
      if (!assigned) {
        assignEnd();
      }
      List<Cancel> cancels = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
        try {
          cancels.add(AvroCodec.CANCEL.decode(record.value()));
        } catch (UnreadableRecordException e) {
          LOG.warn(
              "ignored what is no cancel: topic={} partition={} offset={}: {}",
              topic,
              record.partition(),
              record.offset(),
              e.getMessage());
        }
      }
      return cancels;
    }

    private void assignEnd() {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToEnd(partitions);
      partitions.forEach(consumer::position);
      assigned = true;
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
