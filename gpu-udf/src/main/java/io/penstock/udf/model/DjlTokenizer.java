package io.penstock.udf.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Hugging Face's tokenizers, through DJL. Nothing is truncated or padded, no special token is added
 * whatever {@code tokenizer.json} says, those in the text are recognised. The native library is in
 * the jar and unpacks to DJL's cache directory ({@code ~/.djl.ai}, or {@code DJL_CACHE_DIR}).
 */
final class DjlTokenizer implements Tokenizer {
  private static final int MAX_FILE_BYTES = 512 << 20;
  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  static {
    // DJL reports its use once a day, and fetches another native library on a machine with a GPU.
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
  }

  private final HuggingFaceTokenizer tokenizer;

  private DjlTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Opens a {@code tokenizer.json}. */
  static DjlTokenizer open(Path path) throws IOException {
    byte[] json;
    try (ModelFile file = ModelFile.open(path)) {
      if (file.size() > MAX_FILE_BYTES) {
        throw new ModelFileException(
            "too large: file=" + path + " fileBytes=" + file.size() + " limit=" + MAX_FILE_BYTES);
      }
      json = new byte[(int) file.size()];
      file.read(0, json, 0, json.length);
    }
    return open(json, "file=" + path);
  }

  /**
   * @param json what a {@code tokenizer.json} would hold, UTF-8
   * @param source where it comes from, for messages
   */
  static DjlTokenizer open(byte[] json, String source) throws IOException {
    try {
      return new DjlTokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS));
    } catch (RuntimeException e) {
      throw new ModelFileException("cannot use tokenizer: " + source + ": " + e.getMessage(), e);
    }
  }

  /**
   * Asks the native library for the ids alone: DJL's own {@code encode} also makes a string and a
   * span on the heap for every token, some 100 MB for a million tokens.
   */
  @Override
  public int[] encode(String text) {
    long encoding =
        TokenizersLibrary.LIB.encode(tokenizer.getHandle(), withoutLoneSurrogates(text), false);
    try {
      long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
      int[] tokenIds = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        tokenIds[i] = (int) ids[i];
      }
      return tokenIds;
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  /**
   * Replaces what is no character by U+FFFD, as every UTF-8 encoder would: the native library would
   * misread all other characters beyond the basic plane, too.
   */
  private static String withoutLoneSurrogates(String text) {
    StringBuilder repaired = null;
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 < text.length()
            && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          i++;
        } else {
          if (repaired == null) {
            repaired = new StringBuilder(text);
          }
          repaired.setCharAt(i, '\ufffd');
        }
      }
    }
    return repaired == null ? text : repaired.toString();
  }

  @Override
  public String decode(int... tokenIds) {
    long[] ids = new long[tokenIds.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokenIds[i];
    }
    return tokenizer.decode(ids, false);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
