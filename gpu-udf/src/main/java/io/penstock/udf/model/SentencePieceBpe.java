package io.penstock.udf.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * SentencePiece BPE (GGUF's model {@code llama}: Llama 2, Mistral) in the words of {@code
 * tokenizer.json}. Such a vocabulary has no list of merges but scores: of two neighbours whose
 * concatenation is a token, those with the highest score are joined first. Merges in the order of
 * the scores of what they make say the same, as transformers' converter does it.
 */
final class SentencePieceBpe {
  /** What stands for a space in tokens. */
  private static final String SPACE = "\u2581";

  /**
   * Most comparisons of two halves of a token with the vocabulary; a vocabulary of 256,000 tokens
   * needs some 2 million. Bounds the work that a hostile file makes.
   */
  private static final long MAX_SPLIT_CHARS = 1 << 28;

  private record Merge(String left, String right, float score) {}

  private SentencePieceBpe() {}

  /** Spaces to {@link #SPACE}, and one before a text, or before what follows a special token. */
  static ObjectNode normalizer(boolean spacePrefix) {
    ObjectNode normalizer = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    if (spacePrefix) {
      steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    steps.add(replace(" ", SPACE));
    return normalizer;
  }

  static ObjectNode decoder(boolean spacePrefix) {
    ObjectNode decoder = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    ArrayNode steps = decoder.putArray("decoders");
    steps.add(replace(SPACE, " "));
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (spacePrefix) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    return decoder;
  }

  private static ObjectNode replace(String from, String to) {
    ObjectNode replace = JsonNodeFactory.instance.objectNode().put("type", "Replace");
    replace.putObject("pattern").put("String", from);
    return replace.put("content", to);
  }

  /**
   * All pairs of tokens whose concatenation is a token; the highest score first, then in the order
   * of the ids of what they make, then of their parts.
   *
   * @param ids of all tokens, in the order of ids
   * @param scores by id
   * @param merges receives them
   * @return whether that was feasible; false for tokens too long to look through
   */
  static boolean merges(Map<String, Integer> ids, float[] scores, ArrayNode merges) {
    long chars = 0;
    for (String token : ids.keySet()) {
      chars += (long) token.length() * token.length();
    }
    if (chars > MAX_SPLIT_CHARS) {
      return false;
    }
    List<Merge> all = new ArrayList<>();
    ids.forEach((token, id) -> all.addAll(splits(token, scores[id], ids)));
    all.sort(Comparator.comparing(Merge::score).reversed());
    all.forEach(merge -> merges.addArray().add(merge.left).add(merge.right));
    return true;
  }

  private static List<Merge> splits(String token, float score, Map<String, Integer> ids) {
    List<Merge> splits = new ArrayList<>();
    for (int at = 1; at < token.length(); at++) {
      if (Character.isSurrogatePair(token.charAt(at - 1), token.charAt(at))) {
        continue;
      }
      String left = token.substring(0, at);
      String right = token.substring(at);
      if (ids.containsKey(left) && ids.containsKey(right)) {
        splits.add(new Merge(left, right, score));
      }
    }
    splits.sort(
        Comparator.comparing((Merge merge) -> ids.get(merge.left))
            .thenComparing(merge -> ids.get(merge.right)));
    return splits;
  }
}
