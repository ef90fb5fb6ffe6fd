package io.penstock.udf.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Python's int, float and bool: ints of any size up to {@link Limits#INTEGER_DIGITS}, as Long where
 * they fit and as BigInteger where not; bools count as 0 and 1.
 */
final class Numbers {
  private static final long MAX_BITS = (long) (Limits.INTEGER_DIGITS * 3.3219);
  private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  static boolean isNumber(Object value) {
    return value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof BigInteger;
  }

  static boolean isInteger(Object value) {
    return isNumber(value) && !(value instanceof Double);
  }

  static boolean isZero(Object number) {
    return number instanceof Double real ? real == 0 : integer(number).signum() == 0;
  }

  static BigInteger integer(Object number) {
    if (number instanceof Boolean bool) {
      return bool ? BigInteger.ONE : BigInteger.ZERO;
    }
    return number instanceof Long small ? BigInteger.valueOf(small) : (BigInteger) number;
  }

  static double real(Object number) {
    if (number instanceof Double real) {
      return real;
    }
    double real = integer(number).doubleValue();
    if (Double.isInfinite(real)) {
      throw Failure.value("int too large to convert to float");
    }
    return real;
  }

  /** As Long where it fits. */
  static Object small(BigInteger value) {
    if (value.compareTo(LONG_MIN) >= 0 && value.compareTo(LONG_MAX) <= 0) {
      return value.longValue();
    }
    checkBits(value.bitLength());
    return value;
  }

  private static void checkBits(double bits) {
    if (bits > MAX_BITS) {
      throw Failure.limit("an integer is too large: limit_digits=" + Limits.INTEGER_DIGITS);
    }
  }

  static int compare(Object a, Object b) {
    if (isInteger(a) && isInteger(b)) {
      return a instanceof Long x && b instanceof Long y
          ? Long.compare(x, y)
          : integer(a).compareTo(integer(b));
    }
    double x = a instanceof Double real ? real : integer(a).doubleValue();
    double y = b instanceof Double real ? real : integer(b).doubleValue();
    if (Double.isInfinite(x) || Double.isInfinite(y) || Double.isNaN(x) || Double.isNaN(y)) {
      return x == y ? 0 : Double.compare(x, y);
    }
    return new BigDecimal(x).compareTo(new BigDecimal(y));
  }

  static Object negated(Object value) {
    return value instanceof Double real ? (Object) (-real) : small(integer(value).negate());
  }

  static Object add(Object a, Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      long sum = x + y;
      if (((x ^ sum) & (y ^ sum)) >= 0) {
        return sum;
      }
    }
    return isInteger(a) && isInteger(b)
        ? small(integer(a).add(integer(b)))
        : (Object) (real(a) + real(b));
  }

  static Object subtract(Object a, Object b) {
    return isInteger(a) && isInteger(b)
        ? small(integer(a).subtract(integer(b)))
        : (Object) (real(a) - real(b));
  }

  static Object multiply(Object a, Object b) {
    return isInteger(a) && isInteger(b)
        ? small(integer(a).multiply(integer(b)))
        : (Object) (real(a) * real(b));
  }

  static Object divide(Object a, Object b) {
    checkDivisor(b, "division by zero");
    if (isInteger(a) && isInteger(b)) {
      return new BigDecimal(integer(a))
          .divide(new BigDecimal(integer(b)), new MathContext(40, RoundingMode.HALF_EVEN))
          .doubleValue();
    }
    return real(a) / real(b);
  }

  private static void checkDivisor(Object divisor, String message) {
    if (isZero(divisor)) {
      throw Failure.value(message);
    }
  }

  static Object floorDivide(Object a, Object b) {
    checkDivisor(b, "integer division or modulo by zero");
    if (isInteger(a) && isInteger(b)) {
      BigInteger[] parts = integer(a).divideAndRemainder(integer(b));
      boolean down = parts[1].signum() != 0 && parts[1].signum() != integer(b).signum();
      return small(down ? parts[0].subtract(BigInteger.ONE) : parts[0]);
    }
    double x = real(a);
    double y = real(b);
    return Math.rint((x - (double) remainder(x, y)) / y);
  }

  static Object modulo(Object a, Object b) {
    checkDivisor(b, "integer modulo by zero");
    if (isInteger(a) && isInteger(b)) {
      BigInteger divisor = integer(b);
      BigInteger rest = integer(a).mod(divisor.abs());
      return small(divisor.signum() < 0 && rest.signum() != 0 ? rest.add(divisor) : rest);
    }
    return remainder(real(a), real(b));
  }

  private static Object remainder(double x, double y) {
    double rest = x % y;
    if (rest != 0 && rest < 0 != y < 0) {
      rest += y;
    }
    return rest == 0 ? Math.copySign(0.0, y) : rest;
  }

  static Object power(Object a, Object b) {
    if (isInteger(a) && isInteger(b)) {
      BigInteger base = integer(a);
      BigInteger exponent = integer(b);
      if (exponent.signum() >= 0) {
        if (base.bitLength() <= 1 && base.signum() >= 0) {
          return exponent.signum() == 0 ? 1L : base.longValue();
        }
        checkBits(Math.max(1, base.bitLength() - 1) * exponent.doubleValue());
        return small(base.pow(exponent.intValueExact()));
      }
      checkDivisor(a, "0.0 cannot be raised to a negative power");
    }
    double power = Math.pow(real(a), real(b));
    if (Double.isNaN(power) && !Double.isNaN(real(a)) && !Double.isNaN(real(b))) {
      throw Failure.value("a negative number cannot be raised to a fractional power");
    }
    if (Double.isInfinite(power) && !Double.isInfinite(real(a)) && !Double.isInfinite(real(b))) {
      throw Failure.value("Result too large");
    }
    return power;
  }

  /** Half to even at a decimal place, as Python's round. */
  static double rounded(double value, int places, RoundingMode mode) {
    if (Double.isNaN(value) || Double.isInfinite(value) || places > 400) {
      return value;
    }
    return new BigDecimal(value).setScale(Math.max(places, -400), mode).doubleValue();
  }

  /** The shortest decimal that reads as this double, as Python writes it. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal shortest = exact;
    for (int digits = 1; digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == Math.abs(value)) {
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    return (value < 0 ? "-" : "") + written(digits, exponent);
  }

  private static String written(String digits, int exponent) {
    if (exponent < -4 || exponent >= 16) {
      String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
      String sign = exponent < 0 ? "-" : "+";
      int size = Math.abs(exponent);
      return digits.charAt(0) + fraction + "e" + sign + (size < 10 ? "0" : "") + size;
    }
    if (exponent < 0) {
      return "0." + "0".repeat(-exponent - 1) + digits;
    }
    if (digits.length() <= exponent + 1) {
      return digits + "0".repeat(exponent + 1 - digits.length()) + ".0";
    }
    return digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1);
  }
}
