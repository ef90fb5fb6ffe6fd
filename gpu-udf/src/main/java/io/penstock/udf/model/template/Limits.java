package io.penstock.udf.model.template;

import java.time.Duration;

/**
 * What one rendering may take. What grows with the conversation is given for none and for each of
 * its characters and values.
 *
 * @param steps nodes visited, and work that counts like it
 * @param depth nodes inside one another, calls included
 * @param calls macro calls inside one another
 * @param chars most characters of one string, the output among them
 * @param items most items of one list
 * @param bytes of strings and lists made, all together, whether still in use or not
 * @param time a last resort, should a step take long
 */
record Limits(long steps, int depth, int calls, int chars, int items, long bytes, Duration time) {
  static final int MAX_TEMPLATE_CHARS = 1 << 19;

  /** Nesting of the conversation's values, and of those that a template makes. */
  static final int VALUE_DEPTH = 200;

  /** Digits of an integer, as in Python. */
  static final int INTEGER_DIGITS = 4_300;

  private static final int DEPTH = 1_200;
  private static final int CALLS = 200;
  private static final Duration TIME = Duration.ofSeconds(10);

  /**
   * @param inputValues values in the conversation
   * @param inputChars characters in it
   */
  static Limits of(long inputValues, long inputChars) {
    return new Limits(
        100_000 + 2_000 * inputValues + inputChars,
        DEPTH,
        CALLS,
        (int) Math.min(1 << 28, (4 << 20) + 4 * inputChars),
        500_000,
        (48L << 20) + 48 * inputChars,
        TIME);
  }
}
