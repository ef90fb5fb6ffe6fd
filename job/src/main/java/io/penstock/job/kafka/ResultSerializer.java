package io.penstock.job.kafka;

import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.Wire;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Results as Kafka records: the request id is the key. Carried headers come as they were. */
final class ResultSerializer
    implements KafkaRecordSerializationSchema<ResultRecord>, KafkaDatasetFacetProvider {
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
      ResultRecord answer, KafkaSinkContext context, Long timestamp) {
    PrefillResult result = answer.result();
    byte[] key = result.getRequestId().getBytes(StandardCharsets.UTF_8);
    byte[] value =
        switch (format) {
          case AVRO -> AvroCodec.PREFILL_RESULT.encode(result);
          case JSON -> JsonCodec.PREFILL_RESULT.encode(result);
        };
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, value);
    for (RecordHeader header : answer.headers()) {
      record.headers().add(header.getKey(), Wire.bytes(header.getValue()));
    }
    return record;
  }
}
