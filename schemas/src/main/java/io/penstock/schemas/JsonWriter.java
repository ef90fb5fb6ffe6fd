package io.penstock.schemas;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;

/** Writes a datum of a schema as plain JSON. */
final class JsonWriter {
  private JsonWriter() {}

  static void write(JsonGenerator json, Schema schema, Object datum) throws IOException {
    switch (schema.getType()) {
      case RECORD -> record(json, schema, (IndexedRecord) datum);
      case ARRAY -> {
        json.writeStartArray();
        for (Object item : (Collection<?>) datum) {
          write(json, schema.getElementType(), item);
        }
        json.writeEndArray();
      }
      case MAP -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) datum).entrySet()) {
          json.writeFieldName(entry.getKey().toString());
          write(json, schema.getValueType(), entry.getValue());
        }
        json.writeEndObject();
      }
      case UNION ->
          write(json, schema.getTypes().get(JsonCodec.MODEL.resolveUnion(schema, datum)), datum);
      case ENUM, STRING -> json.writeString(datum.toString());
      case BYTES -> {
        ByteBuffer bytes = ((ByteBuffer) datum).duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        json.writeBinary(copy);
      }
      case INT -> json.writeNumber((int) datum);
      case LONG -> json.writeNumber((long) datum);
      case FLOAT -> json.writeNumber((float) datum);
      case DOUBLE -> json.writeNumber((double) datum);
      case BOOLEAN -> json.writeBoolean((boolean) datum);
      case NULL -> json.writeNull();
      case FIXED -> throw new IllegalArgumentException("no JSON form: " + schema.getFullName());
    }
  }

  private static void record(JsonGenerator json, Schema schema, IndexedRecord datum)
      throws IOException {
    json.writeStartObject();
    boolean open = JsonText.members(schema) != null;
    for (Schema.Field field : schema.getFields()) {
      Object value = datum.get(field.pos());
      if (JsonText.begin(field) != null) {
        JsonText.write(field, (String) value, json);
      } else if (value != null || !open) { // a null could be meant for one of the members
        json.writeFieldName(field.name());
        write(json, field.schema(), value);
      }
    }
    json.writeEndObject();
  }
}
