package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.List;

/**
 * Python's range.
 *
 * @param start first value
 * @param stop where it ends, without it
 * @param step not 0
 */
record Range(long start, long stop, long step) {
  private static final int MAX_SIZE = 100_000;

  static Range of(Arguments arguments) {
    List<Object> given = arguments.positional();
    if (given.isEmpty() || given.size() > 3 || !arguments.named().isEmpty()) {
      throw Failure.type("range expected 1 to 3 arguments: given=" + given.size());
    }
    long[] values = new long[given.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Values.index(given.get(i));
    }
    Range range =
        new Range(
            values.length == 1 ? 0 : values[0],
            values.length == 1 ? values[0] : values[1],
            values.length == 3 ? values[2] : 1);
    if (range.step == 0) {
      throw Failure.value("range() arg 3 must not be zero");
    }
    if (range.longSize() > MAX_SIZE) {
      throw Failure.limit(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_SIZE + ").");
    }
    return range;
  }

  private long longSize() {
    long span = step > 0 ? stop - start : start - stop;
    long by = Math.abs(step);
    return span <= 0 ? 0 : (span + by - 1) / by;
  }

  int size() {
    return (int) longSize();
  }

  List<Object> items() {
    List<Object> items = new ArrayList<>(size());
    for (int i = 0; i < size(); i++) {
      items.add(start + i * step);
    }
    return items;
  }
}
