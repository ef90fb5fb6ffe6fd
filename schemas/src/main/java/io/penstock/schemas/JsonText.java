package io.penstock.schemas;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.Writer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;

/**
 * Fields that hold JSON as a string, as the property {@code json} of their schema says:
 *
 * <pre>
 *   array     the text of an array
 *   object    the text of an object
 *   members   the text of an object whose members stand in the record itself where that is JSON;
 *             a field of the record is among them if it is null, and there an array or null
 * </pre>
 *
 * Both codecs let through only what is such JSON: nested no deeper than their limit, no name twice
 * in an object, no half of a surrogate pair.
 */
final class JsonText {
  private static final String PROPERTY = "json";
  private static final String MEMBERS = "members";
  private static final MemberRule ANY = (name, token) -> null;

  private JsonText() {}

  /** Says what is wrong with a member of this name whose value begins with this token. */
  private interface MemberRule {
    String problem(String name, JsonToken token);
  }

  /**
   * @param field a field
   * @return token with which the JSON begins that it holds; null if it holds none
   */
  static JsonToken begin(Schema.Field field) {
    String kind = field.getProp(PROPERTY);
    if (kind == null) {
      return null;
    }
    return kind.equals("array") ? JsonToken.START_ARRAY : JsonToken.START_OBJECT;
  }

  /**
   * @param record a record's schema
   * @return its field for members that have no field; null if it has no such field
   */
  static Schema.Field members(Schema record) {
    for (Schema.Field field : record.getFields()) {
      if (isMembers(field)) {
        return field;
      }
    }
    return null;
  }

  private static boolean isMembers(Schema.Field field) {
    return MEMBERS.equals(field.getProp(PROPERTY));
  }

  /**
   * @param field of a record with {@link #members}; null if a name has none
   * @param token with which the value of that name begins
   * @return whether it stands among the members
   */
  static boolean isMember(Schema.Field field, JsonToken token) {
    boolean elsewhere = token == JsonToken.VALUE_NULL || token == JsonToken.START_ARRAY;
    return field == null || isMembers(field) || (elsewhere && field.schema().isNullable());
  }

  /**
   * Copies the value whose first token is at hand: without blanks, numbers as they are written.
   *
   * @param from left at the value's last token
   * @param to receives it
   * @return what is wrong with it; null if nothing is
   * @throws IOException if it is not JSON
   */
  static String copy(JsonParser from, JsonGenerator to) throws IOException {
    String problem = null;
    switch (from.currentToken()) {
      case START_ARRAY -> {
        to.writeStartArray();
        while (from.nextToken() != JsonToken.END_ARRAY) {
          problem = first(problem, copy(from, to));
        }
        to.writeEndArray();
      }
      case START_OBJECT -> {
        to.writeStartObject();
        problem = copyMembers(from, to, ANY);
        to.writeEndObject();
      }
      case VALUE_STRING -> {
        problem = textProblem(from.getText());
        to.writeString(from.getText());
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> to.writeNumber(from.getText());
      default -> to.copyCurrentEvent(from);
    }
    return problem;
  }

  private static String copyMembers(JsonParser from, JsonGenerator to, MemberRule rule)
      throws IOException {
    String problem = null;
    Set<String> names = new HashSet<>();
    while (from.nextToken() == JsonToken.FIELD_NAME) {
      String name = from.currentName();
      problem = first(problem, nameProblem(names, name));
      problem = first(problem, rule.problem(name, from.nextToken()));
      to.writeFieldName(name);
      problem = first(problem, copy(from, to));
    }
    return problem;
  }

  /**
   * @param names of an object's members so far; receives this one
   * @param name of the next member
   * @return what is wrong with it; null if nothing is
   */
  static String nameProblem(Set<String> names, String name) {
    return names.add(name) ? textProblem(name) : "has a name twice in one object";
  }

  private static String textProblem(String text) {
    return JsonReader.paired(text) == null ? "has a string of invalid characters" : null;
  }

  private static String first(String earlier, String later) {
    return earlier == null ? later : earlier;
  }

  /**
   * Writes what a field holds where it belongs: as its value, or among the record's members.
   *
   * @param field a field that holds JSON
   * @param text that JSON; may be null
   * @param to inside the record's object
   * @throws IOException if it cannot be written
   */
  static void write(Schema.Field field, String text, JsonGenerator to) throws IOException {
    boolean members = isMembers(field);
    if (text == null) {
      if (!members) {
        to.writeNullField(field.name());
      }
      return;
    }
    try (JsonParser json = JsonCodec.parser(text)) {
      json.nextToken();
      if (members) {
        copyMembers(json, to, ANY);
      } else {
        to.writeFieldName(field.name());
        copy(json, to);
      }
    } catch (JsonProcessingException e) {
      // Not as a cause: Jackson's messages quote what they read.
      throw new IllegalArgumentException("not JSON: field=" + field.name());
    }
  }

  /**
   * @param datum a record that did not come as JSON
   * @throws UnreadableRecordException if one of its strings is not the JSON that it should be
   */
  static void check(IndexedRecord datum) throws UnreadableRecordException {
    for (Schema.Field field : datum.getSchema().getFields()) {
      Object value = datum.get(field.pos());
      if (value instanceof IndexedRecord record) {
        check(record);
      } else if (value instanceof List<?> list) {
        // All of one type, and mostly numbers.
        for (int i = 0; i < list.size() && list.get(i) instanceof IndexedRecord record; i++) {
          check(record);
        }
      } else if (value != null && begin(field) != null) {
        String problem = problem(datum, field, (String) value);
        if (problem != null) {
          throw UnreadableRecordException.unreadable(
              "field " + problem + ": field=" + field.name());
        }
      }
    }
  }

  private static String problem(IndexedRecord datum, Schema.Field field, String text) {
    try (JsonParser json = JsonCodec.parser(text);
        JsonGenerator nowhere = JsonCodec.generator(Writer.nullWriter())) {
      if (json.nextToken() != begin(field)) {
        return "is not the text of " + JsonReader.words(begin(field));
      }
      String problem;
      if (isMembers(field)) {
        nowhere.writeStartObject();
        problem = copyMembers(json, nowhere, (name, token) -> memberProblem(datum, name, token));
        nowhere.writeEndObject();
      } else {
        problem = copy(json, nowhere);
      }
      return first(problem, json.nextToken() == null ? null : "has something behind its JSON");
    } catch (IOException e) {
      return "is not valid JSON, or beyond the limits on length and depth";
    }
  }

  private static String memberProblem(IndexedRecord datum, String name, JsonToken token) {
    Schema.Field own = datum.getSchema().getField(name);
    boolean free = own == null || isMembers(own) || datum.get(own.pos()) == null;
    return free && isMember(own, token) ? null : "has a member that is a field of its record";
  }
}
