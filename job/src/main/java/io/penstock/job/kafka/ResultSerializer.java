package io.penstock.job.kafka;

import io.penstock.operators.admit.RecordFormat;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Results as Kafka records: the request id is the key. */
final class ResultSerializer
    implements KafkaRecordSerializationSchema<PrefillResult>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final RecordFormat format;

  /**
   * @param topic {@code --result-topic}
   * @param format how to write the value
   */
  ResultSerializer(String topic, RecordFormat format) {
    this.topic = topic;
    this.format = format;
  }

  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(new TopicFacet(topic));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      PrefillResult result, KafkaSinkContext context, Long timestamp) {
    byte[] key = result.getRequestId().getBytes(StandardCharsets.UTF_8);
    byte[] value =
        switch (format) {
          case AVRO -> AvroCodec.PREFILL_RESULT.encode(result);
          case JSON -> JsonCodec.PREFILL_RESULT.encode(result);
        };
    return new ProducerRecord<>(topic, key, value);
  }
}
