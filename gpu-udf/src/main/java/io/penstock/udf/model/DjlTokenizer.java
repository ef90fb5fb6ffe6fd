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
  /** The largest in use have some 35 MB. */
  private static final int MAX_FILE_BYTES = 64 << 20;

  /** Where the native library gives up and ends the process lies above nine million. */
  private static final int MAX_RUN_CHARS = 4_000_000;

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
    return open(ModelFile.readAll(path, MAX_FILE_BYTES), "file=" + path);
  }

  /**
   * @param json what a {@code tokenizer.json} would hold, UTF-8
   * @param source where it comes from, for messages
   */
  static DjlTokenizer open(byte[] json, String source) throws IOException {
    byte[] checked = TokenizerJson.checked(json, source);
    try {
      return new DjlTokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(checked), OPTIONS));
    } catch (IOException | RuntimeException e) {
      throw new ModelFileException("cannot use tokenizer: " + source + ": " + e.getMessage(), e);
    }
  }

  /**
   * Asks the native library for the ids alone: DJL's own {@code encode} also makes a string and a
   * span on the heap for every token, some 100 MB for a million tokens.
   */
  @Override
  public int[] encode(String text) {
    refuseLongRuns(text);
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
   * An expression that tries a run of like characters and finds nothing after it goes back one by
   * one, and the native library ends the process after ten million steps.
   */
  private static void refuseLongRuns(String text) {
    int runStart = 0;
    int runKind = -1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int kind = Character.isWhitespace(c) ? 0 : Character.isDigit(c) ? 1 : letter(c) ? 2 : 3;
      if (kind != runKind) {
        runStart = i;
        runKind = kind;
      }
      if (i - runStart >= MAX_RUN_CHARS) {
        throw new IllegalArgumentException(
            "text has too many characters of one kind in a row: limit=" + MAX_RUN_CHARS);
      }
    }
  }

  private static boolean letter(char c) {
    return Character.isLetter(c) || Character.isSurrogate(c);
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
