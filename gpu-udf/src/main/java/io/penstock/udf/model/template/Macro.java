package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A macro as it is written.
 *
 * @param name its name
 * @param parameters their names
 * @param defaults of the last ones
 * @param uses what its body names of caller, varargs and kwargs
 * @param body what it renders
 */
record Macro(
    String name,
    List<String> parameters,
    List<Expr> defaults,
    java.util.Set<String> uses,
    Stmt body) {

  /** The macro as a value; it sees the names around its definition as they are when called. */
  Function in(Scope around) {
    return new Function(
        name,
        (run, arguments) -> {
          Scope scope = Scope.inside(run, around);
          bind(run, scope, arguments);
          return run.capture(body, scope);
        });
  }

  private void bind(Run run, Scope scope, Arguments arguments) {
    List<Object> given = arguments.positional();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    int firstDefault = parameters.size() - defaults.size();
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i);
      if (i < given.size()) {
        scope.set(parameter, given.get(i));
      } else if (named.containsKey(parameter)) {
        scope.set(parameter, named.remove(parameter));
      } else if (i >= firstDefault) {
        scope.set(parameter, run.eval(defaults.get(i - firstDefault), scope));
      } else {
        scope.set(parameter, Undefined.hint("parameter '" + parameter + "' was not provided"));
      }
    }
    if (uses.contains("caller") && !parameters.contains("caller")) {
      Object caller = named.remove("caller");
      scope.set("caller", caller == null ? Undefined.hint("No caller defined") : caller);
    }
    if (uses.contains("kwargs")) {
      scope.set("kwargs", new LinkedHashMap<Object, Object>(named));
    } else if (!named.isEmpty()) {
      throw Failure.type(
          "macro '"
              + name
              + "' takes no keyword argument '"
              + named.keySet().iterator().next()
              + "'");
    }
    if (uses.contains("varargs")) {
      int from = Math.min(parameters.size(), given.size());
      scope.set("varargs", new Tuple(new ArrayList<>(given.subList(from, given.size()))));
    } else if (given.size() > parameters.size()) {
      throw Failure.type(
          "macro '" + name + "' takes not more than " + parameters.size() + " argument(s)");
    }
  }
}
