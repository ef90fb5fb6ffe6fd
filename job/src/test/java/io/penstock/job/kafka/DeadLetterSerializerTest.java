package io.penstock.job.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.PrefillEdges.RefusedBy;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

class DeadLetterSerializerTest {
  private static final byte[] VALUE = {0, -1, 7};

  @Test
  void theRecordIsKeptAndSaysWhy() {
    ProducerRecord<byte[], byte[]> record = serialize(letter("id-1"), 1 << 20);
    assertThat(record.topic()).isEqualTo("dead");
    assertThat(record.key()).isEqualTo("key".getBytes(UTF_8));
    assertThat(record.value()).isEqualTo(VALUE);
    assertThat(headers(record))
        .containsExactly(
            "theirs=1",
            "__connect.errors.topic=from",
            "__connect.errors.partition=3",
            "__connect.errors.offset=42",
            "__connect.errors.stage=ADMIT",
            "__connect.errors.class.name=io.penstock.operators.admit.AdmitFunction",
            "__connect.errors.exception.class.name=io.penstock.schemas.ReasonCode",
            "__connect.errors.exception.message=why",
            "penstock.reason_code=NO_TOKENS",
            "penstock.request_id=id-1");
  }

  @Test
  void anUnknownIdHasNoHeader() {
    ProducerRecord<byte[], byte[]> record = serialize(letter(null), 1 << 20);
    assertThat(record.headers().lastHeader("penstock.request_id")).isNull();
  }

  @Test
  void aValueThatTheTopicWouldNotTakeIsLeftOut() {
    DeadLetter letter = letter("id-1");
    letter = DeadLetter.newBuilder(letter).setOriginalValue(ByteBuffer.allocate(20_000)).build();
    ProducerRecord<byte[], byte[]> record = serialize(letter, 20_000);
    assertThat(record.value()).isNull();
    assertThat(record.key()).isEqualTo("key".getBytes(UTF_8));
    assertThat(headers(record)).contains("theirs=1", "penstock.omitted_value_bytes=20000");
    assertThat(serialize(letter, 30_000).value()).hasSize(20_000);
  }

  @Test
  void headersAndKeyAreLeftOutWhenTheyAreTooLargeThemselves() {
    DeadLetter letter =
        DeadLetter.newBuilder(letter("id-1"))
            .setOriginalHeaders(List.of(new RecordHeader("theirs", ByteBuffer.allocate(20_000))))
            .build();
    ProducerRecord<byte[], byte[]> record = serialize(letter, 20_000);
    assertThat(record.value()).isNull();
    assertThat(record.key()).isEqualTo("key".getBytes(UTF_8));
    assertThat(record.headers().lastHeader("theirs")).isNull();
    assertThat(headers(record)).contains("penstock.omitted_headers=1");
    assertThat(record.headers().lastHeader("penstock.omitted_key_bytes")).isNull();

    letter = DeadLetter.newBuilder(letter).setOriginalKey(ByteBuffer.allocate(20_000)).build();
    record = serialize(letter, 20_000);
    assertThat(record.key()).isNull();
    assertThat(headers(record))
        .contains(
            "penstock.reason_code=NO_TOKENS",
            "penstock.omitted_value_bytes=3",
            "penstock.omitted_headers=1",
            "penstock.omitted_key_bytes=20000");
  }

  @Test
  void headersThatBearOurNamesAreNotHandedOn() {
    ByteBuffer forged = ByteBuffer.wrap("forged".getBytes(UTF_8));
    DeadLetter letter =
        DeadLetter.newBuilder(letter(null))
            .setOriginalHeaders(
                List.of(
                    new RecordHeader("penstock.request_id", forged),
                    new RecordHeader("__connect.errors.topic", forged),
                    new RecordHeader("penstocks", forged)))
            .build();
    assertThat(headers(serialize(letter, 1 << 20)))
        .startsWith("penstocks=forged", "__connect.errors.topic=from")
        .doesNotContain("penstock.request_id=forged", "__connect.errors.topic=forged");
  }

  private static DeadLetter letter(String requestId) {
    return new DeadLetter(
        requestId,
        ByteBuffer.wrap("key".getBytes(UTF_8)),
        ByteBuffer.wrap(VALUE),
        List.of(new RecordHeader("theirs", ByteBuffer.wrap("1".getBytes(UTF_8)))),
        ReasonCode.NO_TOKENS,
        "why",
        "from",
        3,
        42L);
  }

  private static ProducerRecord<byte[], byte[]> serialize(DeadLetter letter, int recordBytes) {
    return new DeadLetterSerializer("dead", recordBytes, RefusedBy.ADMIT)
        .serialize(letter, null, null);
  }

  private static List<String> headers(ProducerRecord<byte[], byte[]> record) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(header.key() + "=" + new String(header.value(), UTF_8));
    }
    return headers;
  }
}
