package io.penstock.operators.chunk;

/** How prompts are cut into chunks ({@code --chunk-policy}). */
public enum ChunkPolicy {
  /** The same number of tokens in every batch ({@code --chunked-prefill-size}). */
  FIXED("fixed");

  private final String option;

  ChunkPolicy(String option) {
    this.option = option;
  }

  /**
   * @return its name as an option's value
   */
  public String option() {
    return option;
  }
}
