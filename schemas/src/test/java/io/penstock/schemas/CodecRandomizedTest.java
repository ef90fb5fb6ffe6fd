package io.penstock.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Random records come back from both forms; broken bytes never do more than be refused. */
final class CodecRandomizedTest {
  private static final int ROUNDS = 200;

  private final Random random = new Random(Samples.seed());
  private final Samples samples = new Samples(random);

  @Test
  void prompts() throws UnreadableRecordException {
    comesBack(AvroCodec.PROMPT, JsonCodec.PROMPT, samples::prompt);
  }

  @Test
  void results() throws UnreadableRecordException {
    comesBack(AvroCodec.PREFILL_RESULT, JsonCodec.PREFILL_RESULT, samples::result);
  }

  @Test
  void deadLetters() throws UnreadableRecordException {
    comesBack(AvroCodec.DEAD_LETTER, JsonCodec.DEAD_LETTER, samples::deadLetter);
  }

  @Test
  void cancels() throws UnreadableRecordException {
    comesBack(AvroCodec.CANCEL, JsonCodec.CANCEL, samples::cancel);
  }

  @Test
  void brokenAvroIsRefusedOrRead() {
    for (int i = 0; i < 20 * ROUNDS; i++) {
      byte[] bytes = broken(AvroCodec.PROMPT.encode(samples.prompt()));
      assertRefusedOrRead(() -> AvroCodec.PROMPT.decode(bytes));
      byte[] result = broken(AvroCodec.PREFILL_RESULT.encode(samples.result()));
      assertRefusedOrRead(() -> AvroCodec.PREFILL_RESULT.decode(result));
    }
  }

  @Test
  void brokenJsonIsRefusedOrRead() {
    for (int i = 0; i < 4 * ROUNDS; i++) {
      byte[] bytes = broken(JsonCodec.PROMPT.encode(samples.prompt()));
      assertRefusedOrRead(() -> JsonCodec.PROMPT.decode(bytes));
      byte[] result = broken(JsonCodec.PREFILL_RESULT.encode(samples.result()));
      assertRefusedOrRead(() -> JsonCodec.PREFILL_RESULT.decode(result));
    }
  }

  private static <T extends SpecificRecord> void comesBack(
      AvroCodec<T> avro, JsonCodec<T> json, Supplier<T> record) throws UnreadableRecordException {
    for (int i = 0; i < ROUNDS; i++) {
      T datum = record.get();
      assertThat(avro.decode(avro.encode(datum))).isEqualTo(datum);
      String line = json.encodeToString(datum);
      assertThat(line).doesNotContain("\n");
      assertThat(json.decode(line)).isEqualTo(datum);
    }
  }

  /** Cut, longer by zeros, or a few bytes replaced near the beginning. */
  private byte[] broken(byte[] bytes) {
    int at = random.nextInt(bytes.length);
    return switch (random.nextInt(3)) {
      case 0 -> Arrays.copyOf(bytes, at);
      case 1 -> Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(9));
      default -> {
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
          int flip = random.nextInt(Math.min(50, bytes.length));
          bytes[flip] = (byte) random.nextInt();
        }
        yield bytes;
      }
    };
  }

  private interface Decoding {
    Object run() throws UnreadableRecordException;
  }

  private static void assertRefusedOrRead(Decoding decoding) {
    try {
      assertThat(decoding.run()).isNotNull();
    } catch (UnreadableRecordException e) {
      assertThat(e).hasMessageNotContaining("\n").hasNoCause();
    }
  }
}
