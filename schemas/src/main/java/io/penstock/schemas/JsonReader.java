package io.penstock.schemas;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;

/**
 * Reads one JSON object as a record. It goes on after the first thing that is wrong, so that a
 * request_id further behind is still found, and then throws for that first thing. One object, one
 * instance.
 */
final class JsonReader {
  private static final String REQUEST_ID = "request_id";
  private static final String PROMPT = "prompt";
  private static final int MAX_NAME_IN_MESSAGE = 64;

  private final Schema schema;
  private final ForeignFields foreign;
  private final String defaultRequestId;
  private String requestId;
  private String problem;
  private ReasonCode reasonCode = ReasonCode.UNREADABLE_RECORD;

  /**
   * @param schema of the record
   * @param foreign other fields that are known
   * @param defaultRequestId the request_id if the object has none; null if there is none either
   */
  JsonReader(Schema schema, ForeignFields foreign, String defaultRequestId) {
    this.schema = schema;
    this.foreign = foreign;
    this.defaultRequestId = defaultRequestId;
  }

  Object read(JsonParser json) throws IOException, UnreadableRecordException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw UnreadableRecordException.unreadable("record is not a JSON object");
    }
    IndexedRecord datum = record(json, schema, "");
    if (json.nextToken() != null) {
      note(
          "something follows the JSON object: character="
              + json.currentTokenLocation().getCharOffset());
    }
    if (requestId == null && defaultRequestId != null) {
      requestId = defaultRequestId;
      datum.put(schema.getField(REQUEST_ID).pos(), requestId);
    }
    if (requestId == null
        && !schema.getField(REQUEST_ID).schema().isNullable()
        && problem == null) {
      throw new UnreadableRecordException(
          ReasonCode.EMPTY_REQUEST_ID,
          null,
          "request_id is missing, and the record has no key that could stand for it");
    }
    if (problem != null) {
      throw new UnreadableRecordException(reasonCode, requestId, problem);
    }
    return datum;
  }

  /** What to throw when the text turned out not to be JSON, or beyond the limits. */
  UnreadableRecordException malformed(String where) {
    note("not valid JSON, or beyond the limits on length and depth: " + where);
    return new UnreadableRecordException(reasonCode, requestId, problem);
  }

  private IndexedRecord record(JsonParser json, Schema record, String path) throws IOException {
    IndexedRecord datum = (IndexedRecord) JsonCodec.MODEL.newRecord(null, record);
    boolean[] seen = new boolean[record.getFields().size()];
    Schema.Field rest = JsonText.members(record);
    JsonMembers others = new JsonMembers();
    if (rest != null) {
      seen[rest.pos()] = true;
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken token = json.nextToken();
      Schema.Field named = path.isEmpty() ? field(name, token) : record.getField(name);
      Schema.Field field = Objects.equals(named, rest) ? null : named;
      if (field == null && rest == null) {
        unknown(json, name, path);
      } else if (field != null && seen[field.pos()]) {
        note("field is given twice: field=" + path + field.name());
        json.skipChildren();
      } else if (rest != null && JsonText.isMember(field, token)) {
        if (field != null) {
          seen[field.pos()] = true;
        }
        note(path + readable(name), others.add(json));
      } else {
        seen[field.pos()] = true;
        put(datum, field, json, token, path);
      }
    }
    if (rest != null) {
      datum.put(rest.pos(), others.end());
    }
    for (Schema.Field field : record.getFields()) {
      if (!seen[field.pos()]) {
        if (field.hasDefaultValue()) {
          datum.put(
              field.pos(),
              JsonCodec.MODEL.deepCopy(field.schema(), JsonCodec.MODEL.getDefaultValue(field)));
        } else if (!isRequestId(field, path)) {
          note("field is missing: field=" + path + field.name());
        }
      }
    }
    return datum;
  }

  private void unknown(JsonParser json, String name, String path) throws IOException {
    if (!path.isEmpty() || !foreign.unsupported().containsKey(name)) {
      note("unknown field: field=" + path + readable(name));
    } else if (!foreign.changesNothing(name, json) && problem == null) {
      reasonCode = ReasonCode.UNSUPPORTED_FIELD;
      note(foreign.refusal(name));
    }
    json.skipChildren();
  }

  private void put(
      IndexedRecord datum, Schema.Field field, JsonParser json, JsonToken token, String path)
      throws IOException {
    boolean id = isRequestId(field, path);
    if (id && token == JsonToken.VALUE_NULL && !field.schema().isNullable()) {
      return; // missing, for whoever reads on
    }
    Object value =
        JsonText.begin(field) == null
            ? value(json, token, field.schema(), path + field.name())
            : text(json, token, field, path + field.name());
    if (value != null) {
      datum.put(field.pos(), value);
    }
    if (id) {
      requestId = (String) value;
    }
  }

  /** Every record has a request_id; a dead letter's may be null. */
  private static boolean isRequestId(Schema.Field field, String path) {
    return path.isEmpty() && field.name().equals(REQUEST_ID);
  }

  private Schema.Field field(String name, JsonToken token) {
    String own = foreign.aliases().getOrDefault(name, name);
    boolean tokenIds = name.equals(PROMPT) && own.equals("text") && token == JsonToken.START_ARRAY;
    return schema.getField(tokenIds ? "token_ids" : own);
  }

  /** The value of the token at hand; null, and the problem noted, if the schema forbids it. */
  private Object value(JsonParser json, JsonToken token, Schema type, String path)
      throws IOException {
    if (type.isNullable() && token == JsonToken.VALUE_NULL) {
      return null;
    }
    // The schemas have no unions but optional values.
    Schema plain = type.isUnion() ? type.getTypes().get(1) : type;
    Object value = fitting(json, token, plain, path);
    if (value == null) {
      note("field must be " + words(type) + ": field=" + path + " found=" + words(token));
      json.skipChildren();
    }
    return value;
  }

  /** Null, and nothing read, if the token does not fit. */
  private Object fitting(JsonParser json, JsonToken token, Schema type, String path)
      throws IOException {
    boolean object = token == JsonToken.START_OBJECT;
    boolean text = token == JsonToken.VALUE_STRING;
    boolean whole = token == JsonToken.VALUE_NUMBER_INT;
    return switch (type.getType()) {
      case RECORD -> object ? record(json, type, path + ".") : null;
      case MAP -> object ? map(json, type, path) : null;
      case ARRAY -> token == JsonToken.START_ARRAY ? array(json, type, path) : null;
      case STRING -> text ? paired(json.getText()) : null;
      case ENUM -> text ? symbol(type, json.getText()) : null;
      case BYTES -> text ? bytes(json) : null;
      case INT ->
          whole && json.getNumberType() == NumberType.INT ? (Object) json.getIntValue() : null;
      case LONG ->
          whole && json.getNumberType() != NumberType.BIG_INTEGER
              ? (Object) json.getLongValue()
              : null;
      case FLOAT -> number(token, json) ? (Object) Float.valueOf(json.getText()) : null;
      case DOUBLE -> number(token, json) ? (Object) Double.valueOf(json.getText()) : null;
      case BOOLEAN -> token.isBoolean() ? (Object) json.getBooleanValue() : null;
      default -> null;
    };
  }

  /** The text of the JSON at hand; null, and the problem noted, if the field forbids it. */
  private String text(JsonParser json, JsonToken token, Schema.Field field, String path)
      throws IOException {
    if (token == JsonToken.VALUE_NULL) {
      return null;
    }
    if (token != JsonText.begin(field)) {
      note(
          "field must be null or "
              + words(JsonText.begin(field))
              + (": field=" + path + " found=" + words(token)));
      json.skipChildren();
      return null;
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JsonCodec.generator(text)) {
      note(path, JsonText.copy(json, out));
    }
    return text.toString();
  }

  private List<Object> array(JsonParser json, Schema type, String path) throws IOException {
    List<Object> items = new ArrayList<>();
    String each = path + "[]";
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      Object item = value(json, token, type.getElementType(), each);
      if (problem == null) { // else nobody will read it
        items.add(item);
      }
    }
    return items;
  }

  private Map<String, Object> map(JsonParser json, Schema type, String path) throws IOException {
    Map<String, Object> entries = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      Object value = value(json, json.nextToken(), type.getValueType(), path + ".*");
      if (entries.put(name, value) != null) {
        note("entry is given twice: field=" + path);
      }
    }
    return entries;
  }

  private static boolean number(JsonToken token, JsonParser json) throws IOException {
    return token.isNumeric()
        // As they are written: JSON has no other form for them.
        || (token == JsonToken.VALUE_STRING
            && List.of("NaN", "Infinity", "-Infinity").contains(json.getText()));
  }

  private static Object symbol(Schema type, String name) {
    String known = type.hasEnumSymbol(name) ? name : type.getEnumDefault();
    return known == null ? null : JsonCodec.MODEL.createEnum(known, type);
  }

  private static ByteBuffer bytes(JsonParser json) throws IOException {
    try {
      return ByteBuffer.wrap(json.getBinaryValue(Base64Variants.MIME_NO_LINEFEEDS));
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /** Half of a surrogate pair alone is no text: UTF-8 has no form for it. */
  static String paired(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return null;
        }
        i++;
      }
    }
    return text;
  }

  private void note(String what) {
    if (problem == null) {
      problem = what;
    }
  }

  private void note(String path, String problemOrNull) {
    if (problemOrNull != null) {
      note("field " + problemOrNull + ": field=" + path);
    }
  }

  private static String readable(String name) {
    String printable = name.replaceAll("[^\\p{Graph} ]", "?");
    return printable.length() <= MAX_NAME_IN_MESSAGE
        ? printable
        : printable.substring(0, MAX_NAME_IN_MESSAGE) + "...";
  }

  private static String words(Schema type) {
    return switch (type.getType()) {
      case UNION -> "null or " + words(type.getTypes().get(1));
      case STRING -> "a string of valid characters";
      case BYTES -> "a base64 string";
      case INT -> "a whole number of 32 bits";
      case LONG -> "a whole number of 64 bits";
      case FLOAT, DOUBLE -> "a number";
      case BOOLEAN -> "true or false";
      case ENUM -> "one of " + type.getEnumSymbols();
      case ARRAY -> "an array";
      case MAP, RECORD -> "an object";
      default -> type.getName();
    };
  }

  static String words(JsonToken token) {
    return switch (token) {
      case VALUE_NULL -> "null";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "a whole number";
      case VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case START_ARRAY -> "an array";
      case START_OBJECT -> "an object";
      default -> "something else";
    };
  }
}
