package io.penstock.udf.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * JSON as plain values: Map, List, String, Integer, Long, BigInteger, Double, Boolean, null. With
 * the limits of model files on nesting, and no name twice in an object.
 */
public final class JsonValues {
  private JsonValues() {}

  /**
   * @param json the text of one value
   * @return the value
   * @throws IOException if it is not JSON; the message has the place, and never quotes the text
   */
  public static Object parse(String json) throws IOException {
    try (JsonParser parser = Json.parser(json.getBytes(UTF_8))) {
      Object value = Json.mapper().readValue(parser, Object.class);
      if (parser.nextToken() != null) {
        throw new IOException("more than one value, the next one" + place(parser));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw unreadable(e);
    }
  }

  /**
   * Counts the values in a text without making them: a few characters of JSON become an object of a
   * hundred bytes.
   *
   * @param json the text of one value
   * @param most counting ends beyond it
   * @return members and items of all levels, and the value itself
   * @throws IOException as {@link #parse}
   */
  public static long count(String json, long most) throws IOException {
    try (JsonParser parser = Json.parser(json.getBytes(UTF_8))) {
      long values = 0;
      for (JsonToken token = parser.nextToken();
          token != null && values <= most;
          token = parser.nextToken()) {
        values += token.isScalarValue() || token.isStructStart() ? 1 : 0;
      }
      return values;
    } catch (JsonProcessingException e) {
      throw unreadable(e);
    }
  }

  /** Not its own message: that may quote the text. Nor the cause, which has it. */
  private static IOException unreadable(JsonProcessingException e) {
    String place =
        e.getLocation() == null
            ? ""
            : ": line=" + e.getLocation().getLineNr() + " column=" + e.getLocation().getColumnNr();
    return new IOException("not JSON, or beyond its limits" + place);
  }

  private static String place(JsonParser parser) {
    return ": line="
        + parser.currentTokenLocation().getLineNr()
        + " column="
        + parser.currentTokenLocation().getColumnNr();
  }

  /**
   * @param value as {@link #parse} gives it, arrays of int among them
   * @return its JSON, in one line
   */
  public static String write(Object value) {
    try {
      return Json.mapper().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
