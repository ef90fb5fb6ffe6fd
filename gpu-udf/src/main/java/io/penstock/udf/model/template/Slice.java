package io.penstock.udf.model.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * The key {@code start:stop:step}; each is an int or null.
 *
 * @param start first place
 * @param stop where it ends, without it
 * @param step distance between places
 */
record Slice(Object start, Object stop, Object step) {

  String of(Run run, String text) {
    run.budget().string(text.length());
    boolean wide = Text.length(text) != text.length();
    Bounds bounds = bounds(Text.length(text));
    if (bounds.step == 1) {
      int from = wide ? Text.offset(text, bounds.from) : bounds.from;
      int to = wide ? Text.offset(text, bounds.from + bounds.count) : bounds.from + bounds.count;
      return text.substring(from, to);
    }
    int[] points = text.codePoints().toArray();
    run.budget().allocate(4L * points.length);
    StringBuilder out = new StringBuilder(bounds.count);
    for (int i = 0; i < bounds.count; i++) {
      out.appendCodePoint(points[(int) bounds.at(i)]);
    }
    return out.toString();
  }

  List<Object> of(Run run, List<Object> list) {
    Bounds bounds = bounds(list.size());
    run.budget().items(bounds.count);
    List<Object> part = new ArrayList<>(bounds.count);
    for (int i = 0; i < bounds.count; i++) {
      part.add(list.get((int) bounds.at(i)));
    }
    return part;
  }

  private record Bounds(int from, int count, long step) {
    long at(int i) {
      return from + i * step;
    }
  }

  private Bounds bounds(int length) {
    long by = step == null ? 1 : clamped(step);
    if (by == 0) {
      throw Failure.value("slice step cannot be zero");
    }
    long low = by > 0 ? 0 : -1;
    long high = by > 0 ? length : length - 1L;
    long from = start == null ? (by > 0 ? low : high) : place(start, length, low, high);
    long to = stop == null ? (by > 0 ? high : low) : place(stop, length, low, high);
    long span = by > 0 ? to - from : from - to;
    int count = span <= 0 ? 0 : (int) ((span + Math.abs(by) - 1) / Math.abs(by));
    return new Bounds((int) (count == 0 ? 0 : from), count, by);
  }

  private static long place(Object value, int length, long low, long high) {
    long place = clamped(value);
    return Math.max(low, Math.min(high, place < 0 ? place + length : place));
  }

  private static long clamped(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    }
    if (value instanceof Long number) {
      return Math.max(-(1L << 40), Math.min(1L << 40, number));
    }
    if (value instanceof BigInteger number) {
      return number.signum() * (1L << 40);
    }
    throw Failure.type("slice indices must be integers or None or have an __index__ method");
  }
}
