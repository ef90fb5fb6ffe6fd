package io.penstock.udf.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
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
      throw new ModelFileException("bad tokenizer: " + source + ": " + e.getMessage(), e);
    }
  }

  @Override
  public int[] encode(String text) {
    long[] ids = tokenizer.encode(text, false, false).getIds();
    int[] tokenIds = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokenIds[i] = (int) ids[i];
    }
    return tokenIds;
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
