package io.penstock.schemas;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * Records as plain JSON objects on one line, with the schema's field names: an optional value is
 * null or the value itself, bytes are base64, an enum is its symbol, and a string that holds JSON
 * ({@link JsonText}) is that JSON. Written are all fields; read is any object whose fields are the
 * schema's, in any order, each at most once; what is left out gets the schema's default. Prompts
 * also take OpenAI's names: {@code prompt} (a text, or token ids), {@code max_tokens} and {@code
 * max_completion_tokens}. Floats and doubles come back bit-identical. Messages of errors name
 * fields and places, never content. Thread-safe.
 *
 * @param <T> the record
 */
public final class JsonCodec<T extends SpecificRecord> {
  /** Longest JSON text of one record, in bytes: a prompt of several million tokens. */
  static final int MAX_BYTES = 128 << 20;

  private static final int MAX_STRING_CHARS = 64 << 20;
  private static final int MAX_NUMBER_CHARS = 64;
  private static final int MAX_NAME_CHARS = 10_000;
  private static final int MAX_DEPTH = 64;

  /** Prompts. */
  public static final JsonCodec<Prompt> PROMPT =
      new JsonCodec<>(Prompt.getClassSchema(), ForeignFields.OPENAI);

  /** Results. */
  public static final JsonCodec<PrefillResult> PREFILL_RESULT =
      new JsonCodec<>(PrefillResult.getClassSchema(), ForeignFields.NONE);

  /** Dead letters. */
  public static final JsonCodec<DeadLetter> DEAD_LETTER =
      new JsonCodec<>(DeadLetter.getClassSchema(), ForeignFields.NONE);

  /** Cancels. */
  public static final JsonCodec<Cancel> CANCEL =
      new JsonCodec<>(Cancel.getClassSchema(), ForeignFields.NONE);

  static final SpecificData MODEL = new SpecificData(JsonCodec.class.getClassLoader());

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxDocumentLength(MAX_BYTES)
                  .maxStringLength(MAX_STRING_CHARS)
                  .maxNumberLength(MAX_NUMBER_CHARS)
                  .maxNameLength(MAX_NAME_CHARS)
                  .maxNestingDepth(MAX_DEPTH)
                  .build())
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          // Names of metadata are the callers': they must not pile up in a table of the process.
          .configure(JsonFactory.Feature.INTERN_FIELD_NAMES, false)
          .configure(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES, false)
          .build();

  private final Schema schema;
  private final ForeignFields foreign;

  private JsonCodec(Schema schema, ForeignFields foreign) {
    this.schema = schema;
    this.foreign = foreign;
  }

  /**
   * @param datum a complete record
   * @return one line of JSON in UTF-8, without a line end
   */
  public byte[] encode(T datum) {
    return write(json -> JsonWriter.write(json, schema, datum));
  }

  /**
   * @param datum a complete record
   * @return one line of JSON, without a line end
   */
  public String encodeToString(T datum) {
    return new String(encode(datum), StandardCharsets.UTF_8);
  }

  /**
   * @param bytes one JSON object in UTF-8; may be anything, also null (Kafka's tombstone)
   * @return the record
   * @throws UnreadableRecordException with the request_id if it could be read; code {@code
   *     EMPTY_REQUEST_ID} if it is not there, else {@code UNREADABLE_RECORD}
   */
  public T decode(byte[] bytes) throws UnreadableRecordException {
    return decode(bytes, null);
  }

  /**
   * @param bytes one JSON object in UTF-8; may be anything, also null (Kafka's tombstone)
   * @param defaultRequestId the request_id if the object has none; null if there is none either
   * @return the record
   * @throws UnreadableRecordException as {@link #decode(byte[])}
   */
  public T decode(byte[] bytes, String defaultRequestId) throws UnreadableRecordException {
    if (bytes == null || bytes.length > MAX_BYTES) {
      throw UnreadableRecordException.unreadable(
          bytes == null
              ? "record has no value"
              : "JSON record is too long: bytes=" + bytes.length + " limit=" + MAX_BYTES);
    }
    JsonReader reader = new JsonReader(schema, foreign, defaultRequestId);
    // By a decoder of our own: Jackson would guess UTF-16 or UTF-32 from the first bytes.
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder(); // refuses what is malformed
    try (JsonParser json =
        FACTORY.createParser(new InputStreamReader(new ByteArrayInputStream(bytes), utf8))) {
      @SuppressWarnings("unchecked") // the schema is T's
      T datum = (T) reader.read(json);
      return datum;
    } catch (JsonProcessingException e) {
      // Not as a cause: Jackson's messages quote what they read.
      JsonLocation where = e.getLocation();
      throw reader.malformed("character=" + (where == null ? "unknown" : where.getCharOffset()));
    } catch (IOException e) {
      throw reader.malformed("text is not UTF-8");
    }
  }

  /**
   * @param line one JSON object
   * @return the record
   * @throws UnreadableRecordException as {@link #decode(byte[])}
   */
  public T decode(String line) throws UnreadableRecordException {
    return decode(line.getBytes(StandardCharsets.UTF_8));
  }

  static JsonParser parser(String text) throws IOException {
    return FACTORY.createParser(text);
  }

  static JsonGenerator generator(Writer out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /** Writes JSON somewhere. */
  interface Body {
    void to(JsonGenerator json) throws IOException;
  }

  static byte[] write(Body body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(out, JsonEncoding.UTF8)) {
      body.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write JSON", e);
    }
    return out.toByteArray();
  }
}
