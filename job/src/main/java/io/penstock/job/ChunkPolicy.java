package io.penstock.job;

import java.util.Locale;

/** How prompts are cut into chunks, as {@code --chunk-policy} takes it. */
public enum ChunkPolicy {
  /** Every batch holds {@code --chunked-prefill-size} tokens. */
  FIXED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
