package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The kinds of statements, and what each does. */
final class Statements {

  /** Holds the text of a captured block for its filters; no name of a template. */
  static final String CAPTURED = "{captured}";

  private Statements() {}

  record Body(int at, List<Stmt> statements) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      for (Stmt statement : statements) {
        Flow flow = run.exec(statement, scope, out);
        if (flow != Flow.NEXT) {
          return flow;
        }
      }
      return Flow.NEXT;
    }
  }

  record Verbatim(int at, String text) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      out.append(text);
      return Flow.NEXT;
    }
  }

  record Print(int at, Expr value) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      out.append(Repr.str(run, run.eval(value, scope)));
      return Flow.NEXT;
    }
  }

  /** Without a test: else. */
  record Branch(Expr test, Stmt body) {}

  record If(int at, List<Branch> branches) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      for (Branch branch : branches) {
        if (branch.test == null || Values.truth(run.eval(branch.test, scope))) {
          return run.exec(branch.body, scope, out);
        }
      }
      return Flow.NEXT;
    }
  }

  /** {@code filter} and {@code otherwise} may be null. */
  record For(
      int at,
      Target target,
      Expr iterable,
      Expr filter,
      boolean recursive,
      Stmt body,
      Stmt otherwise)
      implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      loop(run, scope, out, run.eval(iterable, scope), 0);
      return Flow.NEXT;
    }

    void loop(Run run, Scope scope, Output out, Object over, int depth) {
      List<Object> items = kept(run, scope, Values.list(run, over));
      Loop loop = new Loop(this, scope, items, depth);
      while (loop.next()) {
        Scope inner = Scope.inside(run, scope);
        inner.set("loop", loop);
        target.assign(run, inner, loop.item());
        if (run.exec(body, inner, out) == Flow.BREAK) {
          break;
        }
      }
      if (items.isEmpty() && otherwise != null) {
        run.exec(otherwise, Scope.inside(run, scope), out);
      }
    }

    private List<Object> kept(Run run, Scope scope, List<Object> all) {
      if (filter == null) {
        return all;
      }
      List<Object> kept = new ArrayList<>();
      for (Object item : all) {
        Scope inner = Scope.inside(run, scope);
        target.assign(run, inner, item);
        if (Values.truth(run.eval(filter, inner))) {
          kept.add(item);
        }
      }
      return kept;
    }
  }

  /** {@code break} or {@code continue}. */
  record Jump(int at, Flow flow) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      return flow;
    }
  }

  record Set(int at, Target target, Expr value) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      target.assign(run, scope, run.eval(value, scope));
      return Flow.NEXT;
    }
  }

  /** A block that is captured, filtered, and assigned, or printed where there is no target. */
  record Captured(int at, Target target, Stmt body, Expr filtered) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      Output captured = new Output(run.budget());
      Flow flow = run.exec(body, Scope.inside(run, scope), captured);
      Scope inner = Scope.inside(run, scope);
      inner.set(CAPTURED, captured.text());
      Object value = run.eval(filtered, inner);
      if (target == null) {
        out.append(Repr.str(run, value));
      } else {
        target.assign(run, scope, value);
      }
      return flow;
    }
  }

  /** A body with a scope of its own. */
  record Scoped(int at, List<Target> targets, List<Expr> values, Stmt body) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      Scope inner = Scope.inside(run, scope);
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(run, inner, run.eval(values.get(i), scope));
      }
      return run.exec(body, inner, out);
    }
  }

  /** A {@code block}: sees what the whole template sees, not the loop around it. */
  record Block(int at, boolean scoped, Stmt body) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      return run.exec(body, Scope.inside(run, scoped ? scope : run.root()), out);
    }
  }

  record MacroDefinition(int at, Macro macro) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      scope.set(macro.name(), macro.in(scope));
      return Flow.NEXT;
    }
  }

  /** {@code call}: the body is the macro's {@code caller}. */
  record CallBlock(int at, Macro caller, Expressions.Call call) implements Stmt {
    @Override
    public Flow exec(Run run, Scope scope, Output out) {
      Object callee = run.eval(call.callee(), scope);
      Arguments given = call.arguments().eval(run, scope, "call");
      java.util.Map<String, Object> named = new java.util.LinkedHashMap<>(given.named());
      named.put("caller", caller.in(scope));
      Object value = run.call(callee, new Arguments("call", given.positional(), named));
      out.append(Repr.str(run, value));
      return Flow.NEXT;
    }
  }

  /** Where a value goes. */
  interface Target {
    void assign(Run run, Scope scope, Object value);
  }

  record NameTarget(String name) implements Target {
    @Override
    public void assign(Run run, Scope scope, Object value) {
      scope.set(name, value);
    }
  }

  record NamespaceTarget(String name, String attribute) implements Target {
    @Override
    public void assign(Run run, Scope scope, Object value) {
      if (!(scope.get(name) instanceof Namespace namespace)) {
        throw Failure.type("cannot assign attribute on non-namespace object");
      }
      namespace.set(attribute, value);
    }
  }

  record TupleTarget(List<Target> targets) implements Target {
    @Override
    public void assign(Run run, Scope scope, Object value) {
      List<Object> values = Values.list(run, value);
      if (values.size() != targets.size()) {
        throw Failure.value(
            "cannot unpack: values=" + values.size() + " expected=" + targets.size());
      }
      Iterator<Object> each = values.iterator();
      targets.forEach(target -> target.assign(run, scope, each.next()));
    }
  }
}
