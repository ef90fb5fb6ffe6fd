package io.penstock.udf.model.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What Python does with values of every type: truth, length, iteration, equality, type names. */
final class Values {
  private Values() {}

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean bool) {
      return bool;
    }
    if (Numbers.isNumber(value)) {
      return !Numbers.isZero(value);
    }
    int length = lengthOrNone(value);
    return length != 0;
  }

  /** -1 if it has none. Of a string, its UTF-16 units: 0 only if it is empty. */
  private static int lengthOrNone(Object value) {
    if (value instanceof String string) {
      return string.length();
    }
    if (value instanceof List<?> list) {
      return list.size();
    }
    if (value instanceof Tuple tuple) {
      return tuple.items().size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof DictView view) {
      return view.items().size();
    }
    if (value instanceof Range range) {
      return range.size();
    }
    if (value instanceof Loop loop) {
      return loop.length();
    }
    return value instanceof Undefined ? 0 : -1;
  }

  static int length(Object value) {
    if (value instanceof String string) {
      return Text.length(string);
    }
    int length = lengthOrNone(value);
    if (length < 0) {
      throw Failure.type("object of type '" + type(value) + "' has no len()");
    }
    return length;
  }

  static boolean hasLength(Object value) {
    return lengthOrNone(value) >= 0;
  }

  static boolean isIterable(Object value) {
    return value instanceof Once || lengthOrNone(value) >= 0;
  }

  /** The items of a list or a tuple; null if it is none. */
  @SuppressWarnings("unchecked")
  static List<Object> sequence(Object value) {
    if (value instanceof Tuple tuple) {
      return tuple.items();
    }
    return value instanceof List<?> ? (List<Object>) value : null;
  }

  /** A copy of what iterating over it gives. */
  static List<Object> list(Run run, Object value) {
    List<Object> items = items(run, value);
    run.budget().items(items.size());
    return value instanceof Once ? items : new ArrayList<>(items);
  }

  /** What iterating over it gives; not to be changed. */
  static List<Object> items(Run run, Object value) {
    List<Object> sequence = sequence(value);
    if (sequence != null) {
      return sequence;
    }
    if (value instanceof String string) {
      run.budget().items(string.length());
      run.budget().allocate(56L * string.length());
      return Text.characters(string);
    }
    if (value instanceof Map<?, ?> map) {
      run.budget().items(map.size());
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof DictView view) {
      return view.items();
    }
    if (value instanceof Range range) {
      run.budget().items(range.size());
      return range.items();
    }
    if (value instanceof Once once) {
      return once.rest();
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw Failure.type("'" + type(value) + "' object is not iterable");
  }

  /** Fails unless the value can be a key of a dict; keys never hold anything but scalars. */
  static Object key(Object value) {
    boolean flat =
        isScalar(value)
            || value instanceof Undefined
            || (value instanceof Tuple tuple && tuple.items().stream().allMatch(Values::isScalar));
    if (!flat) {
      throw Failure.type("unhashable type: '" + type(value) + "'");
    }
    return value instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1e15
        ? (Object) (long) (double) number
        : value;
  }

  static boolean isScalar(Object value) {
    return value == null || value instanceof String || Numbers.isNumber(value);
  }

  static boolean equal(Run run, Object a, Object b) {
    return equal(run, a, b, 0);
  }

  private static boolean equal(Run run, Object a, Object b, int depth) {
    run.budget().steps(1);
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return Numbers.compare(a, b) == 0;
    }
    if (a instanceof String text && b instanceof String other) {
      run.budget().scan(Math.min(text.length(), other.length()));
      return text.equals(other);
    }
    checkDepth(depth);
    if ((a instanceof List<?> && b instanceof List<?>)
        || (a instanceof Tuple && b instanceof Tuple)) {
      List<Object> left = sequence(a);
      List<Object> right = sequence(b);
      if (left.size() != right.size()) {
        return false;
      }
      for (int i = 0; i < left.size(); i++) {
        if (!equal(run, left.get(i), right.get(i), depth + 1)) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
      if (left.size() != right.size()) {
        return false;
      }
      for (Map.Entry<?, ?> entry : left.entrySet()) {
        if (!right.containsKey(entry.getKey())
            || !equal(run, entry.getValue(), right.get(entry.getKey()), depth + 1)) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Range left && b instanceof Range right) {
      return left.equals(right);
    }
    return a == b || (a instanceof Undefined && b instanceof Undefined);
  }

  static void checkDepth(int depth) {
    if (depth > Limits.VALUE_DEPTH) {
      throw Failure.limit("a value is nested too deeply: limit=" + Limits.VALUE_DEPTH);
    }
  }

  /** Less than 0, 0 or more, as {@code <} orders them; {@code sign} is for the message. */
  static int compare(Run run, Object a, Object b, String sign) {
    return compare(run, a, b, sign, 0);
  }

  private static int compare(Run run, Object a, Object b, String sign, int depth) {
    run.budget().steps(1);
    checkDepth(depth);
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return Numbers.compare(a, b);
    }
    if (a instanceof String text && b instanceof String other) {
      run.budget().scan(Math.min(text.length(), other.length()));
      return Text.compare(text, other);
    }
    if ((a instanceof List<?> && b instanceof List<?>)
        || (a instanceof Tuple && b instanceof Tuple)) {
      Iterator<Object> left = sequence(a).iterator();
      Iterator<Object> right = sequence(b).iterator();
      while (left.hasNext() && right.hasNext()) {
        Object x = left.next();
        Object y = right.next();
        if (!equal(run, x, y, depth + 1)) {
          return compare(run, x, y, sign, depth + 1);
        }
      }
      return Boolean.compare(left.hasNext(), right.hasNext());
    }
    if (a instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type(
        "'"
            + sign
            + "' not supported between instances of '"
            + type(a)
            + "' and '"
            + type(b)
            + "'");
  }

  /** Whether {@code item in container}. */
  static boolean contains(Run run, Object container, Object item) {
    if (container instanceof String text) {
      if (!(item instanceof String part)) {
        if (item instanceof Undefined undefined) {
          throw undefined.failure();
        }
        throw Failure.type("'in <string>' requires string as left operand, not " + type(item));
      }
      return Search.first(run.budget(), text, part) >= 0;
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(key(item));
    }
    if (isIterable(container)) {
      for (Object each : items(run, container)) {
        if (equal(run, each, item)) {
          return true;
        }
      }
      return false;
    }
    throw Failure.type("argument of type '" + type(container) + "' is not iterable");
  }

  /** An int that is used as a number of things or as a place. */
  static int index(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    }
    if (value instanceof Long number) {
      if (number != (int) (long) number) {
        throw Failure.limit("a number is too large: value=" + number);
      }
      return (int) (long) number;
    }
    if (value instanceof BigInteger) {
      throw Failure.limit("a number is too large");
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type("'" + type(value) + "' object cannot be interpreted as an integer");
  }

  /** Name of its type, as Python prints it. */
  static String type(Object value) {
    if (value == null) {
      return "NoneType";
    }
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (Numbers.isNumber(value)) {
      return "int";
    }
    if (value instanceof List<?>) {
      return "list";
    }
    if (value instanceof Map<?, ?>) {
      return "dict";
    }
    if (value instanceof Once once) {
      return once.name();
    }
    if (value instanceof DictView view) {
      return view.name();
    }
    if (value instanceof Loop) {
      return "LoopContext";
    }
    if (value instanceof Tuple || value instanceof Range || value instanceof Slice) {
      return value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }
    return value instanceof Function ? "function" : value.getClass().getSimpleName();
  }

  /** Jinja's words for a value in messages about what it lacks. */
  static String describe(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Namespace) {
      return "jinja2.utils.Namespace object";
    }
    return (value instanceof Loop ? "jinja2.runtime.LoopContext" : type(value)) + " object";
  }
}
