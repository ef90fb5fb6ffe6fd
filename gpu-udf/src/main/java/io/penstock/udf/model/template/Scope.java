package io.penstock.udf.model.template;

import java.util.HashMap;
import java.util.Map;

/**
 * Names and their values; a name that is not here is looked for around it. A loop's body, a macro,
 * a block that is captured and {@code with} have scopes of their own; {@code if} has not.
 */
final class Scope {
  private static final Object ABSENT = new Object();

  /** Of a scope with a few names: macros and namespaces can keep as many as there are steps. */
  private static final int BYTES = 200;

  private final Scope around;
  private final Map<String, Object> values = new HashMap<>();

  Scope(Scope around) {
    this.around = around;
  }

  /** A scope of its own, counted. */
  static Scope inside(Run run, Scope around) {
    run.budget().allocate(BYTES);
    return new Scope(around);
  }

  void set(String name, Object value) {
    values.put(name, value);
  }

  /** The value; {@link Undefined} if there is none. */
  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.around) {
      Object value = scope.values.getOrDefault(name, ABSENT);
      if (value != ABSENT) {
        return value;
      }
    }
    return Undefined.name(name);
  }
}
