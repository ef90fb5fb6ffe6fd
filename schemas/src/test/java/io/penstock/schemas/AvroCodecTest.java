package io.penstock.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AvroCodecTest {
  private static final int HEADER_BYTES = 10;

  @Test
  void beginsWithTheMarkerAndTheFingerprint() {
    assertThat(encoded()).startsWith(0xC3, 0x01, 0x0e, 0xbf, 0xec, 0x96, 0x45, 0x7a, 0xfd, 0x2e);
  }

  @Test
  void noBytesAndForeignBytesAreUnreadable() {
    for (byte[] bytes :
        new byte[][] {
          null, {}, {(byte) 0xC3}, "{\"request_id\":1}".getBytes(StandardCharsets.UTF_8)
        }) {
      UnreadableRecordException refused = refused(bytes);
      assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNREADABLE_RECORD);
      assertThat(refused).hasMessageContaining("single-object");
    }
  }

  @Test
  void anUnknownFingerprintIsAnUnknownSchema() {
    byte[] bytes = encoded();
    bytes[3] ^= 1; // the second lowest byte of the fingerprint
    UnreadableRecordException refused = refused(bytes);
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNKNOWN_SCHEMA);
    assertThat(refused).hasMessageContaining("2efd7a4596ecbe0e");
  }

  @Test
  void everyCutIsUnreadable() {
    byte[] bytes = encoded();
    for (int length = 0; length < bytes.length; length++) {
      assertThat(refused(Arrays.copyOf(bytes, length)).reasonCode())
          .isEqualTo(ReasonCode.UNREADABLE_RECORD);
    }
  }

  @Test
  void bytesLeftOverAreRefused() {
    byte[] bytes = encoded();
    assertThat(refused(Arrays.copyOf(bytes, bytes.length + 1)))
        .hasMessageContaining("bytes_left=1");
  }

  @Test
  void aHugeLengthAllocatesNothing() {
    // request_id of 2^30 bytes; the same as a number of token ids
    assertThat(refused(datum(0x80, 0x80, 0x80, 0x80, 0x08)))
        .hasMessageContaining("length=1073741824")
        .hasMessageContaining("field=request_id");
    assertThat(refused(datum(0x02, 'a', 0x00, 0x00, 0x02, 0x80, 0x80, 0x80, 0x80, 0x08)))
        .hasMessageContaining("length=1073741824")
        .hasMessageContaining("field=token_ids");
  }

  @Test
  void theLowestLongAsACountIsRefused() {
    assertThat(
            refused(
                datum(
                    0x02, 'a', 0x00, 0x00, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, 0x01, 0x00)))
        .hasMessageContaining("field=token_ids");
  }

  @Test
  void blocksWithALengthAreRead() throws UnreadableRecordException {
    // two token ids in a block of count -2 and 2 bytes, then max_new_tokens 1, top_logits 0, no
    // metadata
    byte[] bytes =
        datum(
            0x02, 'a', 0x00, 0x00, 0x02, 0x03, 0x04, 0x02, 0x04, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x01, 0x00);
    assertThat(AvroCodec.PROMPT.decode(bytes).getTokenIds()).containsExactly(1, 2);
    bytes[HEADER_BYTES + 6] = 0x02; // says one byte
    assertThat(refused(bytes)).hasMessageContaining("block is not as long as it says");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    assertThat(refused(datum(0x02, 0xff, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00)))
        .hasMessageContaining("not UTF-8")
        .hasMessageContaining("field=request_id");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "null",
      textBlock =
          """
          xyzzy       | null              | null | not valid JSON, or beyond the limits on length and depth: field=tools
          {"a":1}     | null              | null | not the text of an array: field=tools
          []xyzzy     | null              | null | not valid JSON, or beyond the limits on length and depth: field=tools
          [][]        | null              | null | something behind its JSON: field=tools
          [{"a":1,"a":2}] | null          | null | a name twice in one object: field=tools
          null        | 1                 | null | not the text of an object: field=more
          null        | {"role":"xyzzy"}  | null | a member that is a field of its record: field=more
          null        | {"content":[]}    | x    | a member that is a field of its record: field=more
          null        | {"content":"xyzzy"} | null | a member that is a field of its record: field=more
          """)
  void aStringThatOughtToHoldJsonIsLookedAt(
      String tools, String more, String content, String message) {
    ChatMessage chat = new ChatMessage("user", content, more);
    Prompt prompt =
        Prompt.newBuilder().setRequestId("a").setTools(tools).setMessages(List.of(chat)).build();
    UnreadableRecordException refused = refused(AvroCodec.PROMPT.encode(prompt));
    assertThat(refused.reasonCode()).isEqualTo(ReasonCode.UNREADABLE_RECORD);
    assertThat(refused).hasMessageContaining(message).hasMessageNotContaining("xyzzy").hasNoCause();
  }

  @Test
  void aBytesWorthOfMessagesIsRefusedBeforeItIsDecoded() {
    List<ChatMessage> messages = Collections.nCopies(250_000, new ChatMessage("", null, null));
    Prompt prompt = Prompt.newBuilder().setRequestId("a").setMessages(messages).build();
    assertThat(refused(AvroCodec.PROMPT.encode(prompt)))
        .hasMessageContaining("too many records in one: most=250000");
  }

  @Test
  void jsonNestedTooDeepIsRefused() {
    String tools = "[".repeat(100_000) + "]".repeat(100_000);
    Prompt prompt = Prompt.newBuilder().setRequestId("a").setTools(tools).build();
    assertThat(refused(AvroCodec.PROMPT.encode(prompt))).hasMessageContaining("depth: field=tools");
  }

  private static byte[] encoded() {
    return AvroCodec.PROMPT.encode(
        Prompt.newBuilder().setRequestId("id-1").setText("some text").build());
  }

  private static byte[] datum(int... bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(encoded(), 0, HEADER_BYTES);
    for (int each : bytes) {
      out.write(each);
    }
    return out.toByteArray();
  }

  private static UnreadableRecordException refused(byte[] bytes) {
    return catchThrowableOfType(
        UnreadableRecordException.class, () -> AvroCodec.PROMPT.decode(bytes));
  }
}
