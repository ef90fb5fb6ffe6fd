package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a command line tool does on Kafka: listen from now on, send a record, see what comes. Each
 * call gives up within seconds. Used by one thread.
 */
public final class KafkaMessages implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private final KafkaClients clients;
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], byte[]> consumer;

  private KafkaMessages(
      KafkaClients clients,
      KafkaProducer<byte[], byte[]> producer,
      KafkaConsumer<byte[], byte[]> consumer) {
    this.clients = clients;
    this.producer = producer;
    this.consumer = consumer;
  }

  /**
   * @param clients how to reach Kafka
   * @return not yet connected
   * @throws RefusedException if the addresses or properties cannot be used
   */
  public static KafkaMessages connect(KafkaClients clients) throws RefusedException {
    String patience = "" + PATIENCE.toMillis();
    Properties sending = clients.producer();
    sending.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
    sending.setProperty(ProducerConfig.MAX_BLOCK_MS_CONFIG, patience);
    sending.setProperty(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, patience);
    sending.setProperty(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, patience);
    Properties receiving = clients.consumer();
    receiving.setProperty(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, patience);
    receiving.setProperty(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, patience);
    try {
      ByteArraySerializer out = new ByteArraySerializer();
      ByteArrayDeserializer in = new ByteArrayDeserializer();
      KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(sending, out, out);
      return new KafkaMessages(clients, producer, new KafkaConsumer<>(receiving, in, in));
    } catch (KafkaException e) {
      throw clients.refused(e);
    }
  }

  /**
   * @param topics to listen to, from now on
   * @throws RefusedException if no broker answers or a topic is not there
   */
  public void listen(String... topics) throws RefusedException {
    try {
      List<TopicPartition> partitions = new ArrayList<>();
      for (String topic : topics) {
        partitions.addAll(partitions(topic));
      }
      consumer.assign(partitions);
      consumer.seekToEnd(partitions);
      partitions.forEach(consumer::position);
    } catch (KafkaException e) {
      throw clients.refused(e);
    }
  }

  private List<TopicPartition> partitions(String topic) throws RefusedException {
    List<PartitionInfo> found = consumer.partitionsFor(topic);
    if (found == null || found.isEmpty()) {
      throw new RefusedException(
          "no such topic: " + topic + "; has the job been submitted? It creates its topics.");
    }
    return found.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }

  /**
   * Sends a record and waits until the brokers have it.
   *
   * @param topic where to
   * @param key its key
   * @param value its value
   * @return where it is now
   * @throws RefusedException if they do not take it
   */
  public RecordMetadata send(String topic, String key, byte[] value) throws RefusedException {
    try {
      byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
      return producer.send(new ProducerRecord<>(topic, keyBytes, value)).get();
    } catch (ExecutionException e) {
      throw clients.refused(e.getCause());
    } catch (KafkaException e) {
      throw clients.refused(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted while sending to topic " + topic, e);
    }
  }

  /**
   * @param timeout how long to wait at most
   * @return records that have come on the topics listened to
   */
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    return consumer.poll(timeout);
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
    consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
  }
}
