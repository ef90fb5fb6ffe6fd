package io.penstock.udf.model.template;

/**
 * What a name or an attribute gives that is not there: prints nothing, is false, is an empty list;
 * anything else fails with the message.
 *
 * @param message what is not there
 * @param forbidden whether it is there, and the sandbox does not give it away
 */
record Undefined(String message, boolean forbidden) {

  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined", false);
  }

  static Undefined attribute(Object of, String name) {
    return new Undefined(
        "'" + Values.describe(of) + "' has no attribute " + Repr.shortened(name), false);
  }

  static Undefined element(Object of, Object key) {
    if (key instanceof String name) {
      return attribute(of, name);
    }
    String words = Values.isScalar(key) ? Repr.scalar(key) : Values.describe(key);
    return new Undefined(Values.describe(of) + " has no element " + words, false);
  }

  static Undefined hint(String message) {
    return new Undefined(message, false);
  }

  static Undefined unsafe(Object of, String name) {
    return new Undefined(
        "access to attribute '" + name + "' of '" + Values.type(of) + "' object is unsafe.", true);
  }

  Failure failure() {
    return forbidden ? Failure.security(message) : Failure.undefined(message);
  }
}
