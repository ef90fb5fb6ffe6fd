package io.penstock.job.kafka;

import io.penstock.job.PrefillEdges.RefusedBy;
import io.penstock.operators.admit.Wire;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Refused records as Kafka records: key, value and headers as they came, and behind them the
 * headers of {@link DeadLetterHeaders}; headers that came under these names are left out. Of a
 * record that is larger than the topic takes the value is left out, then the headers, then the key,
 * so that no record can stop the job; it still stands on its own topic.
 */
final class DeadLetterSerializer
    implements KafkaRecordSerializationSchema<DeadLetter>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  /** Record framing and batch overhead, generously. */
  private static final int OVERHEAD_BYTES = 1 << 10;

  /** Value, headers, key. */
  private static final int PARTS = 3;

  private final String topic;
  private final int recordBytes;
  private final RefusedBy refusedBy;

  /**
   * @param topic {@code --dead-letter-topic}
   * @param recordBytes largest record that it takes
   * @param refusedBy who refuses
   */
  DeadLetterSerializer(String topic, int recordBytes, RefusedBy refusedBy) {
    this.topic = topic;
    this.recordBytes = recordBytes;
    this.refusedBy = refusedBy;
  }

  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(new TopicFacet(topic));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      DeadLetter letter, KafkaSinkContext context, Long timestamp) {
    ProducerRecord<byte[], byte[]> record = record(letter, 0);
    for (int omit = 1; omit <= PARTS && sizeBytes(record) > recordBytes; omit++) {
      record = record(letter, omit);
    }
    return record;
  }

  /** Without the value from 1, the headers from 2, the key from 3. */
  private ProducerRecord<byte[], byte[]> record(DeadLetter letter, int omit) {
    byte[] value = Wire.bytes(letter.getOriginalValue());
    byte[] key = Wire.bytes(letter.getOriginalKey());
    List<RecordHeader> theirs =
        letter.getOriginalHeaders().stream()
            .filter(header -> !DeadLetterHeaders.ours(header.getKey()))
            .toList();
    boolean noValue = omit >= 1 && value != null;
    boolean noHeaders = omit >= 2 && !theirs.isEmpty();
    boolean noKey = omit >= PARTS && key != null;
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, noKey ? null : key, noValue ? null : value);
    addHeaders(letter, noHeaders ? List.of() : theirs, record.headers());
    if (noValue) {
      add(record.headers(), DeadLetterHeaders.OMITTED_VALUE_BYTES, "" + value.length);
    }
    if (noHeaders) {
      add(record.headers(), DeadLetterHeaders.OMITTED_HEADERS, "" + theirs.size());
    }
    if (noKey) {
      add(record.headers(), DeadLetterHeaders.OMITTED_KEY_BYTES, "" + key.length);
    }
    return record;
  }

  private void addHeaders(DeadLetter letter, List<RecordHeader> theirs, Headers headers) {
    for (RecordHeader header : theirs) {
      headers.add(header.getKey(), Wire.bytes(header.getValue()));
    }
    add(headers, DeadLetterHeaders.TOPIC, letter.getTopic());
    add(headers, DeadLetterHeaders.PARTITION, "" + letter.getPartition());
    add(headers, DeadLetterHeaders.OFFSET, "" + letter.getOffset());
    add(headers, DeadLetterHeaders.STAGE, refusedBy.name());
    add(headers, DeadLetterHeaders.CLASS_NAME, refusedBy.className());
    add(headers, DeadLetterHeaders.EXCEPTION_CLASS_NAME, ReasonCode.class.getName());
    add(headers, DeadLetterHeaders.EXCEPTION_MESSAGE, letter.getMessage());
    add(headers, DeadLetterHeaders.REASON_CODE, letter.getReasonCode().name());
    if (letter.getRequestId() != null) {
      add(headers, DeadLetterHeaders.REQUEST_ID, letter.getRequestId());
    }
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static long sizeBytes(ProducerRecord<byte[], byte[]> record) {
    long size = OVERHEAD_BYTES + length(record.key()) + length(record.value());
    for (Header header : record.headers()) {
      size += 16L + 3L * header.key().length() + length(header.value());
    }
    return size;
  }

  private static long length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
