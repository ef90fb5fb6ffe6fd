package io.penstock.udf.backend.cpu;

/**
 * The order of a page's values, and of the probabilities that multiply them, in bf16: in each group
 * of {@value #GROUP} tokens, token i of the first half and token i of the second lie side by side.
 *
 * <pre>
 *   slot    0   1   2   3  …  30  31 │ 32  33 …
 *   token   0  16   1  17  …  15  31 │ 32  48 …
 * </pre>
 *
 * A sum over tokens may be taken in any fixed order, and in this one two vectors of float32 become
 * one of bf16 without a lane moving.
 */
final class ValueOrder {
  /** Tokens of a group: what a vector of 512 bits holds in bf16. */
  static final int GROUP = 32;

  private ValueOrder() {}

  /** Where a token's value, or probability, lies. */
  static int slot(int token) {
    int inGroup = token % GROUP;
    int half = GROUP / 2;
    return token - inGroup + 2 * (inGroup % half) + inGroup / half;
  }
}
