package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Filters of lists that look at no item's inside. */
final class ListFilters {
  private ListFilters() {}

  static Object apply(Run run, String name, Object value, Arguments arguments) {
    return switch (name) {
      case "first" -> {
        if (value instanceof Once once) {
          yield once.hasNext() ? once.next() : none("first");
        }
        List<Object> items = Values.items(run, value);
        yield items.isEmpty() ? none("first") : items.get(0);
      }
      case "last" -> {
        if (value instanceof Once once) {
          throw Failure.type("'" + once.name() + "' object is not reversible");
        }
        List<Object> items = Values.items(run, value);
        yield items.isEmpty() ? none("last") : items.get(items.size() - 1);
      }
      case "reverse" -> reverse(run, value);
      case "join" -> join(run, value, arguments.bound("d", "attribute"));
      case "sum" -> sum(run, value, arguments.bound("attribute", "start"));
      case "batch" -> batch(run, value, arguments.bound(1, "linecount", "fill_with"));
      default -> slice(run, value, arguments.bound(1, "slices", "fill_with"));
    };
  }

  private static Undefined none(String which) {
    return Undefined.hint("No " + which + " item, sequence was empty.");
  }

  private static Object reverse(Run run, Object value) {
    if (value instanceof String text) {
      return new Slice(null, null, -1L).of(run, text);
    }
    List<Object> items = Values.list(run, value);
    Collections.reverse(items);
    return value instanceof Once ? items : new Once(Values.type(value) + "_reverseiterator", items);
  }

  private static String join(Run run, Object value, Arguments bound) {
    String separator = Repr.str(run, bound.get("d", ""));
    Path path = Path.of(bound.get("attribute"));
    Output out = new Output(run.budget());
    boolean first = true;
    for (Object item : Values.items(run, value)) {
      out.append(first ? "" : separator);
      out.append(Repr.str(run, path.in(run, item)));
      first = false;
    }
    return out.text();
  }

  private static Object sum(Run run, Object value, Arguments bound) {
    Path path = Path.of(bound.get("attribute"));
    Object sum = bound.get("start", 0L);
    if (sum instanceof String) {
      throw Failure.type("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Object item : Values.items(run, value)) {
      run.budget().steps(1);
      sum = Operators.binary(run, "+", sum, path.in(run, item));
    }
    return sum;
  }

  private static Once batch(Run run, Object value, Arguments bound) {
    int size = bound.integer("linecount", 1);
    Object fill = bound.get("fill_with");
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object item : Values.list(run, value)) {
      if (batch.size() == size) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      if (fill != null && batch.size() < size) {
        run.budget().items(size);
        batch.addAll(Collections.nCopies(size - batch.size(), fill));
      }
      batches.add(batch);
    }
    return new Once("generator", batches);
  }

  private static Once slice(Run run, Object value, Arguments bound) {
    List<Object> items = Values.list(run, value);
    int slices = bound.integer("slices", 1);
    Object fill = bound.get("fill_with");
    if (slices == 0) {
      throw Failure.value("integer division or modulo by zero");
    }
    run.budget().items(Math.max(0, slices));
    List<Object> parts = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < slices; i++) {
      int begin = offset + i * (items.size() / slices);
      offset += i < items.size() % slices ? 1 : 0;
      int end = offset + (i + 1) * (items.size() / slices);
      List<Object> part = new ArrayList<>(items.subList(begin, end));
      if (fill != null && i >= items.size() % slices) {
        part.add(fill);
      }
      parts.add(part);
    }
    return new Once("generator", parts);
  }
}
