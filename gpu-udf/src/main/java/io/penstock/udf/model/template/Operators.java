package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.List;

/** Python's operators. */
final class Operators {
  private Operators() {}

  static Object binary(Run run, String operator, Object a, Object b) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return switch (operator) {
        case "+" -> Numbers.add(a, b);
        case "-" -> Numbers.subtract(a, b);
        case "*" -> Numbers.multiply(a, b);
        case "/" -> Numbers.divide(a, b);
        case "//" -> Numbers.floorDivide(a, b);
        case "%" -> Numbers.modulo(a, b);
        default -> Numbers.power(a, b);
      };
    }
    if (a instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator.equals("%") && a instanceof String format) {
      return PercentFormat.apply(run, format, b);
    }
    if (b instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator.equals("+")) {
      return joined(run, a, b);
    }
    if (operator.equals("*")) {
      if (Numbers.isInteger(b)) {
        return repeated(run, a, b);
      }
      if (Numbers.isInteger(a)) {
        return repeated(run, b, a);
      }
    }
    throw unsupported(operator, a, b);
  }

  private static Failure unsupported(String operator, Object a, Object b) {
    return Failure.type(
        "unsupported operand type(s) for "
            + operator
            + (operator.equals("**") ? " or pow()" : "")
            + ": '"
            + Values.type(a)
            + "' and '"
            + Values.type(b)
            + "'");
  }

  private static Object joined(Run run, Object a, Object b) {
    if (a instanceof String left && b instanceof String right) {
      run.budget().string((long) left.length() + right.length());
      return left.concat(right);
    }
    boolean tuples = a instanceof Tuple && b instanceof Tuple;
    if (tuples || (a instanceof List<?> && b instanceof List<?>)) {
      List<Object> left = Values.sequence(a);
      List<Object> right = Values.sequence(b);
      run.budget().items((long) left.size() + right.size());
      List<Object> all = new ArrayList<>(left.size() + right.size());
      all.addAll(left);
      all.addAll(right);
      return tuples ? new Tuple(all) : all;
    }
    if (a instanceof String || a instanceof List<?> || a instanceof Tuple) {
      String type = Values.type(a);
      throw Failure.type(
          "can only concatenate " + type + " (not \"" + Values.type(b) + "\") to " + type);
    }
    throw unsupported("+", a, b);
  }

  private static Object repeated(Run run, Object value, Object count) {
    List<Object> items = Values.sequence(value);
    if (!(value instanceof String) && items == null) {
      throw unsupported("*", value, count);
    }
    int size = value instanceof String text ? text.length() : items.size();
    long times = Numbers.integer(count).signum() <= 0 || size == 0 ? 0 : Values.index(count);
    if (value instanceof String text) {
      run.budget().string(times * size);
      return text.repeat((int) times);
    }
    run.budget().items(times * size);
    List<Object> all = new ArrayList<>((int) (times * size));
    for (long i = 0; i < times; i++) {
      all.addAll(items);
    }
    return value instanceof Tuple ? new Tuple(all) : all;
  }

  static Object sign(Object value, boolean negates) {
    if (Numbers.isNumber(value)) {
      return negates ? Numbers.negated(value) : Numbers.add(value, 0L);
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type(
        "bad operand type for unary " + (negates ? "-" : "+") + ": '" + Values.type(value) + "'");
  }

  static boolean compare(Run run, String operator, Object a, Object b) {
    return switch (operator) {
      case "==" -> Values.equal(run, a, b) && !isNan(a);
      case "!=" -> !Values.equal(run, a, b) || isNan(a);
      case "in" -> Values.contains(run, b, a);
      case "not in" -> !Values.contains(run, b, a);
      default -> ordered(run, operator, a, b);
    };
  }

  private static boolean ordered(Run run, String operator, Object a, Object b) {
    int order = Values.compare(run, a, b, operator);
    if (isNan(a) || isNan(b)) {
      return false;
    }
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  private static boolean isNan(Object value) {
    return value instanceof Double real && Double.isNaN(real);
  }
}
