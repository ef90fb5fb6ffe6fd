package io.penstock.job.kafka;

import io.penstock.job.PrefillEdges;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.PrefillResult;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;

/**
 * Prompts and cancels from Kafka, answers to Kafka. Offsets are kept in checkpoints and committed
 * to the consumer group when one is complete; answers are written at least once.
 *
 * @param clients how to reach Kafka
 * @param options which topics
 * @param topics the topics, prepared
 */
public record KafkaEdges(KafkaClients clients, KafkaOptions options, KafkaTopics topics)
    implements PrefillEdges {
  @Override
  public RecordFormat format() {
    return RecordFormat.AVRO;
  }

  @Override
  @SuppressWarnings("deprecation") // the connector's own interface asks for this class
  public Source<SourceRecord, ?, ?> prompts() {
    return KafkaSource.<SourceRecord>builder()
        .setProperties(clients.consumer())
        .setTopics(options.promptTopic())
        .setGroupId(options.consumerGroup())
        .setClientIdPrefix(options.consumerGroup())
        .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
        .setDeserializer(new PromptDeserializer())
        .build();
  }

  @Override
  public Sink<PrefillResult> results() {
    return sink(new ResultSerializer(options.resultTopic()));
  }

  @Override
  public Sink<DeadLetter> deadLetters(RefusedBy refusedBy) {
    return sink(
        new DeadLetterSerializer(options.deadLetterTopic(), topics.deadLetterBytes(), refusedBy));
  }

  private <T> Sink<T> sink(KafkaRecordSerializationSchema<T> serializer) {
    return KafkaSink.<T>builder()
        .setKafkaProducerConfig(clients.producer())
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .setRecordSerializer(serializer)
        .build();
  }

  @Override
  public ControlSource control() {
    return new KafkaControl(clients, options.controlTopic());
  }
}
