package io.penstock.job.kafka;

import io.penstock.job.PrefillEdges;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import java.util.Locale;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Prompts and cancels from Kafka, answers to Kafka. Offsets are kept in checkpoints and committed
 * to the consumer group when one is complete; so are answers, if they are delivered exactly once.
 *
 * @param clients how to reach Kafka
 * @param options which topics
 * @param topics the topics, prepared
 */
public record KafkaEdges(KafkaClients clients, KafkaOptions options, KafkaTopics topics)
    implements PrefillEdges {
  @Override
  public RecordFormat format() {
    return options.promptFormat();
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
  public Sink<ResultRecord> results() {
    return sink("results", new ResultSerializer(options.resultTopic(), options.resultFormat()));
  }

  @Override
  public Sink<DeadLetter> deadLetters(RefusedBy refusedBy) {
    return sink(
        "dead-letters-" + refusedBy.name().toLowerCase(Locale.ROOT),
        new DeadLetterSerializer(options.deadLetterTopic(), topics.deadLetterBytes(), refusedBy));
  }

  private <T> Sink<T> sink(String name, KafkaRecordSerializationSchema<T> serializer) {
    KafkaSinkBuilder<T> sink =
        KafkaSink.<T>builder()
            .setKafkaProducerConfig(clients.producer())
            .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
            .setRecordSerializer(serializer);
    if (options.delivery() == Delivery.EXACTLY_ONCE) {
      sink.setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
          .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
          .setTransactionalIdPrefix(options.transactionalIdPrefix() + "/" + name)
          .setProperty(
              ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
              "" + options.transactionTimeout().toMillis());
    }
    return sink.build();
  }

  @Override
  public ControlSource control() {
    return new KafkaControl(clients, options.controlTopic());
  }
}
