package io.penstock.job.kafka;

import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.PrefillResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Results as Kafka records: the request id is the key, Avro's single-object form the value. */
final class ResultSerializer
    implements KafkaRecordSerializationSchema<PrefillResult>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  private final String topic;

  /**
   * @param topic {@code --result-topic}
   */
  ResultSerializer(String topic) {
    this.topic = topic;
  }

  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(new TopicFacet(topic));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      PrefillResult result, KafkaSinkContext context, Long timestamp) {
    byte[] key = result.getRequestId().getBytes(StandardCharsets.UTF_8);
    return new ProducerRecord<>(topic, key, AvroCodec.PREFILL_RESULT.encode(result));
  }
}
