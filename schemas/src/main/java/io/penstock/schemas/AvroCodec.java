package io.penstock.schemas;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Records in Avro's single-object encoding: two marker bytes {@code C3 01}, the writer's schema as
 * a CRC-64-AVRO fingerprint (little endian), the datum. The fingerprint is looked up among the
 * versions in this build, so fields can be added without a registry. Bytes are not trusted: what is
 * decoded takes memory proportional to them. Thread-safe.
 *
 * @param <T> the record
 */
public final class AvroCodec<T extends SpecificRecord> {
  /** Prompts. */
  public static final AvroCodec<Prompt> PROMPT = new AvroCodec<>(Prompt.getClassSchema());

  /** Results. */
  public static final AvroCodec<PrefillResult> PREFILL_RESULT =
      new AvroCodec<>(PrefillResult.getClassSchema());

  /** Dead letters. */
  public static final AvroCodec<DeadLetter> DEAD_LETTER =
      new AvroCodec<>(DeadLetter.getClassSchema());

  /** Cancels. */
  public static final AvroCodec<Cancel> CANCEL = new AvroCodec<>(Cancel.getClassSchema());

  private static final SpecificData MODEL = new SpecificData(AvroCodec.class.getClassLoader());
  private static final int HEADER_BYTES = 10;

  private final Schema schema;
  private final SchemaVersions versions;

  private AvroCodec(Schema schema) {
    this.schema = schema;
    this.versions = new SchemaVersions(schema);
  }

  /**
   * @param datum a complete record
   * @return its encoding, in an array of its own
   */
  public byte[] encode(T datum) {
    try {
      // Made anew: Avro's encoder is not documented as thread-safe, and is cheap.
      ByteBuffer encoded = new BinaryMessageEncoder<T>(MODEL, schema).encode(datum);
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode a " + schema.getName(), e);
    }
  }

  /**
   * @param bytes one record; may be anything, also null (Kafka's tombstone)
   * @return the record, with defaults for what its version does not have
   * @throws UnreadableRecordException with code {@code UNKNOWN_SCHEMA} if its header names a
   *     version that this build does not know, {@code UNREADABLE_RECORD} if it is anything else
   *     than one whole record, or has a string that is not the JSON that its schema asks for
   */
  public T decode(byte[] bytes) throws UnreadableRecordException {
    Schema writer = writer(bytes);
    WireCheck.check(writer, bytes, HEADER_BYTES);
    T datum;
    try {
      datum =
          new SpecificDatumReader<T>(writer, schema, MODEL)
              .read(
                  null,
                  DecoderFactory.get()
                      .binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null));
    } catch (IOException | AvroRuntimeException e) {
      throw UnreadableRecordException.unreadable(
          "not a " + schema.getName() + ": bytes=" + bytes.length + " " + e.getClass().getName());
    }
    JsonText.check(datum);
    return datum;
  }

  private Schema writer(byte[] bytes) throws UnreadableRecordException {
    int length = bytes == null ? 0 : bytes.length;
    if (length < HEADER_BYTES || bytes[0] != (byte) 0xC3 || bytes[1] != 1) {
      throw UnreadableRecordException.unreadable(
          "not in Avro's single-object encoding, which begins with C3 01: bytes=" + length);
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(Short.BYTES);
    Schema writer = versions.findByFingerprint(fingerprint);
    if (writer == null) {
      throw new UnreadableRecordException(
          ReasonCode.UNKNOWN_SCHEMA,
          null,
          "no version of "
              + schema.getName()
              + " in this build has the fingerprint "
              + String.format("%016x", fingerprint)
              + "; a producer is newer than this job");
    }
    return writer;
  }

  Schema schema() {
    return schema;
  }

  SchemaVersions versions() {
    return versions;
  }
}
