package io.penstock.udf.backend;

import io.penstock.udf.model.WeightTensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Seeded inputs of operations. Values are exact in bf16, so that every backend gets the same ones.
 * The seed of a run is printed and taken from {@code -Dpenstock.seed}.
 */
public final class RandomInputs {

  /** First seed of this run. */
  public static final long SEED = Long.getLong("penstock.seed", 20_261_124L);

  private final Random random;

  /**
   * @param round number of the round; with {@link #SEED} it makes the seed
   */
  public RandomInputs(int round) {
    // Spread: Random's first draws hardly differ between neighbouring seeds.
    random = new Random((SEED + round) * 0x9E3779B97F4A7C15L);
  }

  /**
   * @param from least
   * @param to greatest
   * @return a number between them, both included
   */
  public int between(int from, int to) {
    return from + random.nextInt(to - from + 1);
  }

  /**
   * @return whether or not
   */
  public boolean coin() {
    return random.nextBoolean();
  }

  /**
   * @param choices some numbers
   * @return one of them
   */
  public int oneOf(int... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /**
   * @return how many rows: one, around a tile of 64, or any
   */
  public int rows() {
    return oneOf(1, 2, 63, 64, 65, 127, 128, 130, between(1, 200));
  }

  /**
   * @return a hidden size; most are no multiples of 64
   */
  public int width() {
    return oneOf(16, 64, 72, 96, 100, 136, 150, 192, 320);
  }

  /**
   * @param count how many
   * @param deviation standard deviation
   * @return normally distributed values
   */
  public float[] values(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = bf16((float) (random.nextGaussian() * deviation));
    }
    return values;
  }

  private static float bf16(float value) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
  }

  /**
   * @param rows output features
   * @param cols input features
   * @return a matrix whose products have about the size of their inputs
   */
  public WeightTensor matrix(int rows, int cols) {
    return new ArrayTensor("matrix", rows, cols, values(rows * cols, 1 / Math.sqrt(cols)));
  }

  /**
   * @param cols length
   * @return a vector
   */
  public WeightTensor vector(int cols) {
    return new ArrayTensor("vector", 1, cols, values(cols, 1));
  }

  /**
   * @param count how many
   * @return 0 to {@code count - 1} in any order
   */
  public int[] permutation(int count) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    return order.stream().mapToInt(i -> i).toArray();
  }
}
