package io.penstock.job.kafka;

import io.penstock.job.PrefillEdges.RefusedBy;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Refused records as Kafka records: key, value and headers as they came, and behind them the
 * headers of {@link DeadLetterHeaders}. A value that would make the record larger than the topic
 * takes is left out, so that no record can stop the job; it still stands on its own topic.
 */
final class DeadLetterSerializer implements KafkaRecordSerializationSchema<DeadLetter> {
  private static final long serialVersionUID = 1L;

  /** Record framing and batch overhead, generously. */
  private static final int OVERHEAD_BYTES = 1 << 10;

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
  public ProducerRecord<byte[], byte[]> serialize(
      DeadLetter letter, KafkaSinkContext context, Long timestamp) {
    byte[] key = bytes(letter.getOriginalKey());
    byte[] value = bytes(letter.getOriginalValue());
    ProducerRecord<byte[], byte[]> whole = new ProducerRecord<>(topic, key, value);
    addHeaders(letter, whole.headers());
    if (value == null || sizeBytes(whole) <= recordBytes) {
      return whole;
    }
    ProducerRecord<byte[], byte[]> emptied =
        new ProducerRecord<>(topic, null, key, null, whole.headers());
    add(emptied.headers(), DeadLetterHeaders.OMITTED_VALUE_BYTES, "" + value.length);
    return emptied;
  }

  private void addHeaders(DeadLetter letter, Headers headers) {
    for (RecordHeader header : letter.getOriginalHeaders()) {
      headers.add(header.getKey(), bytes(header.getValue()));
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

  private static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
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
