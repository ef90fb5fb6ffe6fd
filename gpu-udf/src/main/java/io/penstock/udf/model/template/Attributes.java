package io.penstock.udf.model.template;

import java.util.List;
import java.util.Map;

/**
 * {@code value.name} and {@code value[key]}. A name is looked up among the methods that this
 * package gives the value's type, by a switch, and among the keys of a dict; never by reflection.
 */
final class Attributes {
  private Attributes() {}

  /** {@code value.name}: a method, else an item. */
  static Object attribute(Object of, String name) {
    if (of instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object own = own(of, name);
    if (own != null) {
      return own;
    }
    if (of instanceof Namespace namespace) {
      return namespace.get(name);
    }
    if (of instanceof Map<?, ?> map && map.containsKey(name)) {
      return map.get(name);
    }
    return Undefined.attribute(of, name);
  }

  /** {@code value[key]}: an item, else a method. */
  static Object item(Run run, Object of, Object key) {
    if (of instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (of instanceof Map<?, ?> map && (Values.isScalar(key) || key instanceof Tuple)) {
      Object known = Values.key(key);
      if (map.containsKey(known)) {
        return map.get(known);
      }
    }
    if (key instanceof Slice slice) {
      Object part = sliced(run, of, slice);
      if (part == null) {
        throw Failure.type("'" + Values.type(of) + "' object is not subscriptable by slices");
      }
      return part;
    }
    if (Numbers.isInteger(key)) {
      Place place = element(run, of, key);
      return place != null ? place.value : Undefined.element(of, key);
    }
    return key instanceof String name ? attribute(of, name) : Undefined.element(of, key);
  }

  private static Object sliced(Run run, Object of, Slice slice) {
    if (of instanceof String text) {
      return slice.of(run, text);
    }
    if (of instanceof Range range) {
      return slice.of(run, range.items());
    }
    List<Object> items = Values.sequence(of);
    if (items == null) {
      return null;
    }
    List<Object> part = slice.of(run, items);
    return of instanceof Tuple ? new Tuple(part) : part;
  }

  /** An element, which may be None. */
  private record Place(Object value) {}

  private static Place element(Run run, Object of, Object key) {
    List<Object> items = Values.sequence(of);
    if (!(of instanceof String) && !(of instanceof Range) && items == null) {
      return null;
    }
    if (of instanceof String text) {
      run.budget().scan(text.length());
    }
    int size = Values.length(of);
    if (!(key instanceof Long || key instanceof Boolean)) {
      return null;
    }
    long number = key instanceof Long place ? place : Values.index(key);
    long index = number < 0 ? number + size : number;
    if (index < 0 || index >= size) {
      return null;
    }
    if (of instanceof String text) {
      int from = Text.offset(text, (int) index);
      return new Place(text.substring(from, from + Character.charCount(text.codePointAt(from))));
    }
    return new Place(
        of instanceof Range range
            ? (Object) (range.start() + index * range.step())
            : items.get((int) index));
  }

  /** What the value itself has by a name; null if nothing. */
  private static Object own(Object of, String name) {
    if (name.startsWith("__")) {
      return of instanceof Map<?, ?> map && map.containsKey(name)
          ? null
          : Undefined.unsafe(of, name);
    }
    if (of instanceof Loop loop) {
      return loop.get(name);
    }
    if (of instanceof String text) {
      return StringMethods.NAMES.contains(name)
          ? new Function(name, (run, arguments) -> StringMethods.call(run, text, name, arguments))
          : null;
    }
    if (of instanceof Tuple tuple && tuple.names().contains(name)) {
      return tuple.items().get(tuple.names().indexOf(name));
    }
    if (of instanceof Map<?, ?> || of instanceof List<?> || of instanceof Tuple) {
      return Containers.own(of, name);
    }
    if (of instanceof Function function && name.equals("name")) {
      return function.name();
    }
    return of instanceof Globals.Cycler cycler ? cycler.get(name) : null;
  }
}
