package io.penstock.job.kafka;

import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Cancel;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.UnreadableRecordException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cancels from the control topic, in either format: from now on, of all partitions; partitions that
 * are added later are found within a minute or two and read from their beginning. Each head reads
 * all of them; the ones that belong to other replicas are its own to ignore.
 *
 * @param clients how to reach Kafka
 * @param topic {@code --control-topic}
 */
record KafkaControl(KafkaClients clients, String topic) implements ControlSource {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaControl.class);

  /** How often to look for new partitions. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  @Override
  public ControlReader open() {
    Properties properties = clients.consumer();
    properties.setProperty(ConsumerConfig.METADATA_MAX_AGE_CONFIG, "" + LOOK_AGAIN.toMillis());
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    return new Reader(consumer, topic);
  }

  /** Used by one thread. */
  private static final class Reader implements ControlReader {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topic;
    private boolean assigned;
    private long lookedNanos;

    Reader(KafkaConsumer<byte[], byte[]> consumer, String topic) {
      this.consumer = consumer;
      this.topic = topic;
    }

    @Override
    public List<Cancel> poll(Duration timeout) {
      if (!assigned) {
        assignEnd();
      } else if (System.nanoTime() - lookedNanos > LOOK_AGAIN.toNanos()) {
        assignNew();
      }
      List<Cancel> cancels = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
        try {
          cancels.add(decode(record.value()));
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

    private static Cancel decode(byte[] value) throws UnreadableRecordException {
      return switch (RecordFormat.of(value)) {
        case AVRO -> AvroCodec.CANCEL.decode(value);
        case JSON -> JsonCodec.CANCEL.decode(value);
      };
    }

    private void assignEnd() {
      List<TopicPartition> partitions = partitions();
      consumer.assign(partitions);
      consumer.seekToEnd(partitions);
      partitions.forEach(consumer::position);
      assigned = true;
    }

    private void assignNew() {
      List<TopicPartition> added = new ArrayList<>(partitions());
      Set<TopicPartition> known = consumer.assignment();
      added.removeAll(known);
      if (!added.isEmpty()) {
        List<TopicPartition> all = new ArrayList<>(known);
        all.addAll(added);
        consumer.assign(all);
        consumer.seekToBeginning(added);
      }
    }

    private List<TopicPartition> partitions() {
      lookedNanos = System.nanoTime();
      return consumer.partitionsFor(topic).stream()
          .map(info -> new TopicPartition(topic, info.partition()))
          .toList();
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
