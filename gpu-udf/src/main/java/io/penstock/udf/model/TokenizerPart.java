package io.penstock.udf.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;

/**
 * A small part of a {@code tokenizer.json}: what is done to text before, between and after the
 * model. Known kinds alone, with values that the native tokenizer is known to bear.
 */
enum TokenizerPart {
  NORMALIZER("normalizers", "NFC|NFD|NFKC|NFKD|Lowercase|Prepend|Replace|ByteLevel"),
  PRE_TOKENIZER(
      "pretokenizers", "ByteLevel|Whitespace|WhitespaceSplit|Metaspace|Split|Digits|Punctuation"),
  DECODER("decoders", "ByteLevel|Metaspace|Replace|ByteFallback|Fuse|Strip");

  private static final int MAX_DEPTH = 2;
  private static final int MAX_CHILDREN = 32;
  private static final int MAX_TEXT_CHARS = 2000;

  private final String children;

  /** Names of the kinds, with bars between them. */
  private final String kinds;

  TokenizerPart(String children, String kinds) {
    this.children = children;
    this.kinds = kinds;
  }

  static TokenizerPart of(String field) {
    return switch (field) {
      case "normalizer" -> NORMALIZER;
      case "pre_tokenizer" -> PRE_TOKENIZER;
      default -> DECODER;
    };
  }

  /**
   * Reads the value at which {@code in} stands: a small one, since a tree takes many times that.
   */
  static JsonNode read(JsonParser in, String source) throws IOException {
    return Json.mapper().readTree(new OfFewChars(in, source));
  }

  /** Refuses to read on where a value becomes too long. */
  private static final class OfFewChars extends JsonParserDelegate {
    private final String source;
    private final long start;

    OfFewChars(JsonParser in, String source) {
      super(in);
      this.source = source;
      this.start = in.currentLocation().getCharOffset();
    }

    @Override
    public JsonToken nextToken() throws IOException {
      JsonToken next = super.nextToken();
      long chars = currentLocation().getCharOffset() - start;
      if (chars > 64 * MAX_TEXT_CHARS) {
        throw refused(source, "too long: chars=" + chars + " limit=" + 64 * MAX_TEXT_CHARS);
      }
      return next;
    }
  }

  /**
   * @throws ModelFileException if it is of a kind that is not read, or has bad values
   */
  void check(JsonNode part, String source) throws ModelFileException {
    check(part, source, 0);
  }

  private void check(JsonNode part, String source, int depth) throws ModelFileException {
    if (part.isNull()) {
      return;
    }
    String kind = part.path("type").asText();
    String where = "key=" + children + " type=" + kind;
    if (kind.equals("Sequence")) {
      JsonNode all = part.path(children);
      expect(all.isArray() && all.size() <= MAX_CHILDREN && depth < MAX_DEPTH, source, where);
      for (JsonNode child : all) {
        expect(child.isObject(), source, where);
        check(child, source, depth + 1);
      }
      return;
    }
    expect(kind.matches(kinds), source, "not read: " + where + "; types read: " + kinds);
    for (Iterator<Map.Entry<String, JsonNode>> i = part.fields(); i.hasNext(); ) {
      Map.Entry<String, JsonNode> field = i.next();
      expect(value(kind, field.getKey(), field.getValue()), source, where + " " + field);
    }
  }

  private static boolean value(String kind, String field, JsonNode value) {
    return switch (field) {
      case "pattern" -> pattern(value);
      case "content" ->
          value.isTextual()
              && value.textValue().length() <= MAX_TEXT_CHARS
              && !(kind.equals("Strip")
                  && value.textValue().codePointCount(0, value.textValue().length()) != 1);
      case "prepend", "replacement", "str_rep" ->
          value.isTextual() && !value.textValue().isEmpty() && value.textValue().length() <= 16;
      case "start" -> value.isInt() && value.intValue() >= 0 && value.intValue() <= 16;
      case "stop" -> value.isInt() && value.intValue() == 0;
      case "type", "behavior", "prepend_scheme" -> value.isTextual();
      default -> value.isBoolean() || value.isNull();
    };
  }

  private static boolean pattern(JsonNode pattern) {
    JsonNode text = pattern.path("String");
    JsonNode regex = pattern.path("Regex");
    return pattern.size() == 1
        && (text.isTextual()
            ? !text.textValue().isEmpty() && text.textValue().length() <= MAX_TEXT_CHARS
            : regex.isTextual() && TokenizerRegex.isHarmless(regex.textValue()));
  }

  private static void expect(boolean fits, String source, String otherwise)
      throws ModelFileException {
    if (!fits) {
      throw refused(source, otherwise);
    }
  }

  static ModelFileException refused(String source, String what) {
    return new ModelFileException(
        "cannot use tokenizer: "
            + source
            + ": "
            + what
            + "; prompts of token ids work without one");
  }
}
