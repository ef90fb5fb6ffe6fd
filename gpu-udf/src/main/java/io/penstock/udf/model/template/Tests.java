package io.penstock.udf.model.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What can stand behind {@code is}. */
final class Tests {
  private Tests() {}

  static boolean apply(Run run, String name, Object value, Arguments arguments) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == null;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value instanceof Boolean bool && bool;
      case "false" -> value instanceof Boolean bool && !bool;
      case "integer" -> Numbers.isInteger(value) && !(value instanceof Boolean);
      case "float" -> value instanceof Double;
      case "number" -> Numbers.isNumber(value);
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable" -> Values.isIterable(value);
      case "sequence" ->
          Values.hasLength(value) && !(value instanceof DictView || value instanceof Loop);
      case "callable" ->
          value instanceof Function || value instanceof Loop || value instanceof Undefined;
      case "odd" -> !Numbers.isZero(remainder(value, 2L));
      case "even" -> Numbers.isZero(remainder(value, 2L));
      case "divisibleby" -> Numbers.isZero(remainder(value, one(arguments)));
      case "lower" -> islower(text(run, value));
      case "upper" -> isupper(text(run, value));
      case "escaped" -> false;
      case "sameas" -> same(value, one(arguments));
      case "in" -> Values.contains(run, one(arguments), value);
      case "eq", "==", "equalto" -> Operators.compare(run, "==", value, one(arguments));
      case "ne", "!=" -> Operators.compare(run, "!=", value, one(arguments));
      case "lt", "<", "lessthan" -> Operators.compare(run, "<", value, one(arguments));
      case "le", "<=" -> Operators.compare(run, "<=", value, one(arguments));
      case "gt", ">", "greaterthan" -> Operators.compare(run, ">", value, one(arguments));
      case "ge", ">=" -> Operators.compare(run, ">=", value, one(arguments));
      case "filter" -> value instanceof String filter && Filters.NAMES.contains(filter);
      case "test" -> value instanceof String test && isKnown(run, test);
      default -> throw Filters.unknown("test", name);
    };
  }

  private static boolean isKnown(Run run, String name) {
    try {
      apply(run, name, 0L, new Arguments(name, List.of(1L), Map.of()));
      return true;
    } catch (Failure e) {
      return e.kind() != TemplateException.Kind.SYNTAX;
    }
  }

  private static Object one(Arguments arguments) {
    return arguments.bound(1, "other").get("other");
  }

  private static Object remainder(Object value, Object by) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Numbers.isNumber(value) || !Numbers.isNumber(by)) {
      throw Failure.type("not a number: '" + Values.type(value) + "', '" + Values.type(by) + "'");
    }
    return Numbers.modulo(value, by);
  }

  private static String text(Run run, Object value) {
    return run.budget().made(Repr.str(run, value));
  }

  private static boolean islower(String text) {
    return text.equals(text.toLowerCase(Locale.ROOT))
        && !text.equals(text.toUpperCase(Locale.ROOT));
  }

  private static boolean isupper(String text) {
    return text.equals(text.toUpperCase(Locale.ROOT))
        && !text.equals(text.toLowerCase(Locale.ROOT));
  }

  private static boolean same(Object a, Object b) {
    boolean small = a instanceof Boolean || a instanceof Long || a instanceof String;
    return a == b || (small && a.equals(b));
  }
}
