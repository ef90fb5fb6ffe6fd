package io.penstock.udf.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;

/**
 * Builds a tokenizer from the metadata of a GGUF file: byte-level BPE (model {@code gpt2}) with one
 * of the pre-tokenizers of {@link GgufPreTokenizer}.
 */
final class GgufTokenizer {
  private static final String MODEL = "tokenizer.ggml.model";
  private static final String PRE = "tokenizer.ggml.pre";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String TYPES = "tokenizer.ggml.token_type";
  private static final String MERGES = "tokenizer.ggml.merges";
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private GgufTokenizer() {}

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
    if (!model.equals("gpt2")) {
      throw metadata.refused(
          MODEL,
          "tokenizer is not read yet: value="
              + model
              + "; models read: gpt2 (byte-level BPE); prompts of token ids work without one");
    }
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
    List<String> tokens = metadata.strings(TOKENS);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", "1.0");
    json.set("added_tokens", addedTokens(metadata, tokens));
    json.set("normalizer", pre.normalizer());
    json.set("pre_tokenizer", pre.preTokenizer());
    json.set("decoder", GgufPreTokenizer.byteLevel(true));
    ObjectNode bpe = json.putObject("model");
    bpe.put("type", "BPE");
    bpe.putNull("unk_token");
    bpe.put("ignore_merges", pre.ignoreMerges());
    vocabulary(metadata, tokens, bpe.putObject("vocab"));
    merges(metadata, bpe.putArray("merges"));
    return DjlTokenizer.open(Json.mapper().writeValueAsBytes(json), metadata.source());
  }

  private static void vocabulary(GgufMetadata metadata, List<String> tokens, ObjectNode vocab)
      throws ModelFileException {
    for (int id = 0; id < tokens.size(); id++) {
      if (vocab.has(tokens.get(id))) {
        throw metadata.refused(
            TOKENS, "two tokens are the same: ids=" + vocab.get(tokens.get(id)) + "," + id);
      }
      vocab.put(tokens.get(id), id);
    }
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

  private static ArrayNode addedTokens(GgufMetadata metadata, List<String> tokens)
      throws IOException {
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
      if (type == CONTROL || type == USER_DEFINED) {
        ObjectNode token = added.addObject();
        token.put("id", id);
        token.put("content", tokens.get(id));
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", type == CONTROL);
      }
    }
    return added;
  }
}
