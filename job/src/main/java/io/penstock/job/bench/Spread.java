package io.penstock.job.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Median and range of some measurements.
 *
 * @param median the middle one, or the mean of the two in the middle
 * @param min the smallest
 * @param max the largest
 */
record Spread(double median, double min, double max) {
  /**
   * @param values at least one
   * @return their spread
   */
  static Spread of(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no values");
    }
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    double median =
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    return new Spread(median, sorted.get(0), sorted.get(sorted.size() - 1));
  }

  /**
   * @param values of each round
   * @param baseline of the same rounds
   * @return spread of the ratios of each pair
   */
  static Spread ofRatios(List<Double> values, List<Double> baseline) {
    if (values.size() != baseline.size()) {
      throw new IllegalArgumentException(
          "not pairs: values=" + values.size() + " baseline=" + baseline.size());
    }
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < values.size(); round++) {
      ratios.add(values.get(round) / baseline.get(round));
    }
    return of(ratios);
  }
}
