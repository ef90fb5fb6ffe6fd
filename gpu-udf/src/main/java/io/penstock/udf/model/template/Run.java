package io.penstock.udf.model.template;

import java.time.Clock;
import java.util.Map;

/** One rendering: its budget, clock and names. Used by one thread. */
final class Run {
  private final Budget budget;
  private final Clock clock;
  private final Scope root;

  Run(Budget budget, Clock clock, Map<String, Object> variables) {
    this.budget = budget;
    this.clock = clock;
    Scope globals = new Scope(null);
    Globals.FUNCTIONS.forEach(globals::set);
    variables.forEach(globals::set);
    this.root = new Scope(globals);
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  Scope root() {
    return root;
  }

  Object eval(Expr expr, Scope scope) {
    budget.enter();
    try {
      return expr.eval(this, scope);
    } catch (Failure e) {
      throw e.at(expr.at());
    } finally {
      budget.leave();
    }
  }

  Stmt.Flow exec(Stmt stmt, Scope scope, Output out) {
    budget.enter();
    try {
      return stmt.exec(this, scope, out);
    } catch (Failure e) {
      throw e.at(stmt.at());
    } finally {
      budget.leave();
    }
  }

  /** Renders apart, as a string. */
  String capture(Stmt body, Scope scope) {
    Output out = new Output(budget);
    exec(body, scope, out);
    return out.text();
  }

  Object call(Object callee, Arguments arguments) {
    if (callee instanceof Function function) {
      budget.enterCall();
      try {
        return function.body().call(this, arguments);
      } finally {
        budget.leaveCall();
      }
    }
    if (callee instanceof Loop loop) {
      return loop.recurse(this, arguments);
    }
    if (callee instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type("'" + Values.type(callee) + "' object is not callable");
  }
}
