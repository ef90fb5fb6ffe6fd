package io.penstock.udf.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
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
      // Not its own message: that may quote the text. Nor the cause, which has it.
      String place =
          e.getLocation() == null
              ? ""
              : ": line="
                  + e.getLocation().getLineNr()
                  + " column="
                  + e.getLocation().getColumnNr();
      throw new IOException("not JSON, or beyond its limits" + place);
    }
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
