package io.penstock.udf.model;

import static com.fasterxml.jackson.core.JsonToken.FIELD_NAME;
import static com.fasterxml.jackson.core.JsonToken.START_ARRAY;
import static com.fasterxml.jackson.core.JsonToken.START_OBJECT;
import static com.fasterxml.jackson.core.JsonToken.VALUE_STRING;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Copies of a {@code tokenizer.json} what is known to be harmless. The native tokenizer ends the
 * whole process where it meets what it did not expect, so it never sees a file as it came: this
 * reads it as a stream, checks every field against what tokenizers of this kind have, and writes
 * those alone. What is never used here is left out: truncation, padding, and the post-processor,
 * which only adds special tokens.
 */
final class TokenizerJson {
  private static final int MAX_TOKENS = 1 << 22;
  private static final int MAX_ADDED = 1 << 16;
  private static final int MAX_TOKEN_CHARS = 1 << 16;
  private static final int MAX_ID = (1 << 24) - 1;

  private final JsonParser in;
  private final JsonGenerator out;
  private final String source;

  private TokenizerJson(JsonParser in, JsonGenerator out, String source) {
    this.in = in;
    this.out = out;
    this.source = source;
  }

  /**
   * @param json a {@code tokenizer.json}, UTF-8
   * @param source where it comes from, for messages
   * @return the same tokenizer, without what is not used
   * @throws ModelFileException if it is none, or has something that is not read
   */
  static byte[] checked(byte[] json, String source) throws IOException {
    ByteArrayOutputStream copy = new ByteArrayOutputStream(json.length);
    try (JsonParser in = Json.parser(json);
        JsonGenerator out = Json.mapper().getFactory().createGenerator(copy)) {
      new TokenizerJson(in, out, source).copy();
    } catch (JsonProcessingException e) {
      throw new ModelFileException("bad JSON: " + source + ": " + e.getOriginalMessage(), e);
    }
    return copy.toByteArray();
  }

  private void copy() throws IOException {
    expect(in.nextToken() == START_OBJECT, "not a JSON object");
    out.writeStartObject();
    out.writeStringField("version", "1.0");
    boolean model = false;
    while (in.nextToken() == FIELD_NAME) {
      String field = in.currentName();
      in.nextToken();
      switch (field) {
        case "added_tokens" -> addedTokens();
        case "normalizer", "pre_tokenizer", "decoder" -> {
          JsonNode part = TokenizerPart.read(in, source);
          TokenizerPart.of(field).check(part, source);
          out.writeFieldName(field);
          Json.mapper().writeTree(out, part);
        }
        case "model" -> {
          model();
          model = true;
        }
        default -> in.skipChildren();
      }
    }
    expect(model, "missing: key=model");
    expect(in.nextToken() == null, "something follows the JSON object");
    out.writeEndObject();
  }

  private void addedTokens() throws IOException {
    expect(in.currentToken() == START_ARRAY, "no array: key=added_tokens");
    out.writeArrayFieldStart("added_tokens");
    for (int count = 0; in.nextToken() != JsonToken.END_ARRAY; count++) {
      expect(count < MAX_ADDED, "too many: key=added_tokens limit=" + MAX_ADDED);
      JsonNode token = TokenizerPart.read(in, source);
      String content = token.path("content").asText();
      expect(
          token.path("content").isTextual()
              && !content.isEmpty()
              && content.length() <= MAX_TOKEN_CHARS,
          "empty or too long: key=added_tokens.content index=" + count);
      out.writeStartObject();
      out.writeNumberField("id", id(token.path("id").asLong(-1)));
      out.writeStringField("content", content);
      for (String flag :
          new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
        expect(token.path(flag).isBoolean(), "no boolean: key=added_tokens." + flag);
        out.writeBooleanField(flag, token.path(flag).booleanValue());
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private void model() throws IOException {
    expect(in.currentToken() == START_OBJECT, "no JSON object: key=model");
    out.writeObjectFieldStart("model");
    while (in.nextToken() == FIELD_NAME) {
      String field = in.currentName();
      JsonToken value = in.nextToken();
      switch (field) {
        case "vocab" -> {
          if (value == START_ARRAY) {
            scores();
          } else {
            vocabulary();
          }
        }
        case "merges" -> merges();
        case "type" -> {
          expect(
              value == VALUE_STRING && in.getText().matches("BPE|Unigram|WordLevel|WordPiece"),
              "not read: key=model.type value=" + in.getText());
          out.writeStringField(field, in.getText());
        }
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix" ->
            expect(
                value == JsonToken.VALUE_NULL
                    || (value == VALUE_STRING && in.getText().isEmpty())
                    || (value == JsonToken.VALUE_NUMBER_FLOAT && in.getDoubleValue() == 0),
                "not read: key=model." + field + " value=" + in.getText());
        case "unk_token" -> {
          expect(
              value == JsonToken.VALUE_NULL || value == VALUE_STRING,
              "no string: key=model.unk_token");
          out.writeFieldName(field);
          out.copyCurrentEvent(in);
        }
        case "unk_id", "max_input_chars_per_word" -> {
          if (value != JsonToken.VALUE_NULL) {
            out.writeNumberField(field, integer(field));
          }
        }
        case "fuse_unk", "byte_fallback", "ignore_merges" -> {
          expect(value.isBoolean(), "no boolean: key=model." + field);
          out.writeBooleanField(field, in.getBooleanValue());
        }
        default -> in.skipChildren();
      }
    }
    out.writeEndObject();
  }

  private void vocabulary() throws IOException {
    expect(in.currentToken() == START_OBJECT, "no object: key=model.vocab");
    out.writeObjectFieldStart("vocab");
    for (int count = 0; in.nextToken() == FIELD_NAME; count++) {
      expect(count < MAX_TOKENS, "too many: key=model.vocab limit=" + MAX_TOKENS);
      String token = in.currentName();
      expect(token.length() <= MAX_TOKEN_CHARS, "too long: key=model.vocab index=" + count);
      in.nextToken();
      out.writeNumberField(token, integer("vocab"));
    }
    out.writeEndObject();
  }

  private void scores() throws IOException {
    out.writeArrayFieldStart("vocab");
    for (int count = 0; in.nextToken() != JsonToken.END_ARRAY; count++) {
      expect(count < MAX_TOKENS, "too many: key=model.vocab limit=" + MAX_TOKENS);
      String wrong = "no token and score: key=model.vocab index=" + count;
      expect(in.currentToken() == START_ARRAY && in.nextToken() == VALUE_STRING, wrong);
      expect(in.getTextLength() > 0 && in.getTextLength() <= MAX_TOKEN_CHARS, wrong);
      out.writeStartArray();
      out.writeString(in.getText());
      expect(in.nextToken().isNumeric() && Math.abs(in.getDoubleValue()) < 1e6, wrong);
      out.writeNumber(in.getDoubleValue());
      expect(in.nextToken() == JsonToken.END_ARRAY, wrong);
      out.writeEndArray();
    }
    out.writeEndArray();
  }

  /** Each as a string with a space between its parts, or as an array of both. */
  private void merges() throws IOException {
    expect(in.currentToken() == START_ARRAY, "no array: key=model.merges");
    out.writeArrayFieldStart("merges");
    for (int count = 0; in.nextToken() != JsonToken.END_ARRAY; count++) {
      expect(count < MAX_TOKENS, "too many: key=model.merges limit=" + MAX_TOKENS);
      String wrong = "no two parts: key=model.merges index=" + count;
      if (in.currentToken() == START_ARRAY) {
        out.writeStartArray();
        for (int part = 0; part < 2; part++) {
          expect(in.nextToken() == VALUE_STRING, wrong);
          out.writeString(in.getText());
        }
        expect(in.nextToken() == JsonToken.END_ARRAY, wrong);
        out.writeEndArray();
      } else {
        expect(in.currentToken() == VALUE_STRING, wrong);
        out.writeString(in.getText());
      }
    }
    out.writeEndArray();
  }

  private int integer(String field) throws IOException {
    expect(
        in.currentToken() == JsonToken.VALUE_NUMBER_INT
            && in.getNumberType() != JsonParser.NumberType.BIG_INTEGER,
        "no integer: key=model." + field);
    return id(in.getLongValue());
  }

  private int id(long value) throws ModelFileException {
    expect(value >= 0 && value <= MAX_ID, "number=" + value + " limit=" + MAX_ID);
    return (int) value;
  }

  private void expect(boolean fits, String otherwise) throws ModelFileException {
    if (!fits) {
      throw TokenizerPart.refused(source, otherwise);
    }
  }
}
