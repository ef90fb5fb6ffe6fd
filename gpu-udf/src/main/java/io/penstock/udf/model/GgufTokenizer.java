package io.penstock.udf.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a tokenizer from the metadata of a GGUF file: byte-level BPE (model {@code gpt2}) with one
 * of the pre-tokenizers of {@link GgufPreTokenizer}, or SentencePiece BPE (model {@code llama}).
 */
final class GgufTokenizer {
  private static final String MODEL = "tokenizer.ggml.model";
  private static final String PRE = "tokenizer.ggml.pre";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String TYPES = "tokenizer.ggml.token_type";
  private static final String MERGES = "tokenizer.ggml.merges";
  private static final String SCORES = "tokenizer.ggml.scores";
  private static final String UNKNOWN_ID = "tokenizer.ggml.unknown_token_id";
  private static final String SPACE_PREFIX = "tokenizer.ggml.add_space_prefix";
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private final GgufMetadata metadata;
  private final List<String> tokens;
  private final ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");

  private GgufTokenizer(GgufMetadata metadata) throws IOException {
    this.metadata = metadata;
    this.tokens = metadata.strings(TOKENS);
  }

  /** Whether the file says anything about a tokenizer. */
  static boolean isIn(GgufMetadata metadata) {
    return metadata.has(MODEL);
  }

  /**
   * @return owned by the caller
   * @throws ModelFileException if its kind is not supported, with the name of the kind, or if the
   *     metadata contradict themselves
   */
  static Tokenizer open(GgufMetadata metadata) throws IOException {
    String model = metadata.string(MODEL).orElse("");
    GgufTokenizer tokenizer =
        switch (model) {
          case "gpt2" -> byteLevel(metadata);
          case "llama" -> sentencePiece(metadata);
          default ->
              throw metadata.refused(
                  MODEL,
                  "tokenizer is not read yet: value="
                      + model
                      + "; models read: gpt2 (byte-level BPE), llama (SentencePiece BPE);"
                      + " prompts of token ids work without one");
        };
    return DjlTokenizer.open(Json.mapper().writeValueAsBytes(tokenizer.json), metadata.source());
  }

  private static GgufTokenizer byteLevel(GgufMetadata metadata) throws IOException {
    String preName = metadata.string(PRE).orElse("(missing)");
    GgufPreTokenizer pre =
        GgufPreTokenizer.named(preName)
            .orElseThrow(
                () ->
                    metadata.refused(
                        PRE,
                        "pre-tokenizer is not read yet: value="
                            + preName
                            + "; pre-tokenizers read: "
                            + GgufPreTokenizer.names()
                            + "; prompts of token ids work without one"));
    GgufTokenizer tokenizer = new GgufTokenizer(metadata);
    tokenizer.json.set("added_tokens", tokenizer.addedTokens(false));
    tokenizer.json.set("normalizer", pre.normalizer());
    tokenizer.json.set("pre_tokenizer", pre.preTokenizer());
    tokenizer.json.set("decoder", GgufPreTokenizer.byteLevel(true));
    ObjectNode bpe = tokenizer.bpe();
    bpe.putNull("unk_token");
    bpe.put("ignore_merges", pre.ignoreMerges());
    merges(metadata, bpe.putArray("merges"));
    return tokenizer;
  }

  private static GgufTokenizer sentencePiece(GgufMetadata metadata) throws IOException {
    GgufTokenizer tokenizer = new GgufTokenizer(metadata);
    boolean spacePrefix = metadata.bool(SPACE_PREFIX).orElse(true);
    tokenizer.json.set("added_tokens", tokenizer.addedTokens(true));
    tokenizer.json.set("normalizer", SentencePieceBpe.normalizer(spacePrefix));
    tokenizer.json.putNull("pre_tokenizer");
    tokenizer.json.set("decoder", SentencePieceBpe.decoder(spacePrefix));
    int tokens = tokenizer.tokens.size();
    int unknown = metadata.integer(UNKNOWN_ID).orElse(0);
    if (unknown < 0 || unknown >= tokens) {
      throw metadata.refused(UNKNOWN_ID, "no such token: value=" + unknown + " tokens=" + tokens);
    }
    ObjectNode bpe = tokenizer.bpe();
    bpe.put("unk_token", tokenizer.tokens.get(unknown));
    bpe.put("fuse_unk", true);
    bpe.put("byte_fallback", true);
    float[] scores = metadata.floats(SCORES);
    if (scores.length != tokens) {
      throw metadata.refused(
          SCORES,
          "tokens and their scores differ in number: scores="
              + scores.length
              + " tokens="
              + tokens);
    }
    if (!SentencePieceBpe.merges(tokenizer.ids(), scores, bpe.putArray("merges"))) {
      throw metadata.refused(TOKENS, "tokens are too long to be looked through for their parts");
    }
    return tokenizer;
  }

  /** Begins the model: its vocabulary. */
  private ObjectNode bpe() throws ModelFileException {
    ObjectNode bpe = json.putObject("model").put("type", "BPE");
    ids().forEach(bpe.putObject("vocab")::put);
    return bpe;
  }

  private Map<String, Integer> ids() throws ModelFileException {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      Integer other = ids.put(tokens.get(id), id);
      if (other != null) {
        throw metadata.refused(TOKENS, "two tokens are the same: ids=" + other + "," + id);
      }
    }
    return ids;
  }

  private static void merges(GgufMetadata metadata, ArrayNode merges) throws IOException {
    for (String merge : metadata.strings(MERGES)) {
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw metadata.refused(MERGES, "no two parts: index=" + merges.size());
      }
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
  }

  /** Tokens that are found in the text as it is, before everything else. */
  private ArrayNode addedTokens(boolean unknownToo) throws IOException {
    List<Integer> types = metadata.integers(TYPES);
    if (types.size() != tokens.size()) {
      throw metadata.refused(
          TYPES,
          "tokens and their types differ in number: types="
              + types.size()
              + " tokens="
              + tokens.size());
    }
    ArrayNode added = JsonNodeFactory.instance.arrayNode();
    for (int id = 0; id < tokens.size(); id++) {
      int type = types.get(id);
      if (type == CONTROL || type == USER_DEFINED || (unknownToo && type == UNKNOWN)) {
        ObjectNode token = added.addObject();
        token.put("id", id);
        token.put("content", tokens.get(id));
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", type != USER_DEFINED);
      }
    }
    return added;
  }
}
