package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The kinds of expressions, and what each gives. */
final class Expressions {
  private Expressions() {}

  record Constant(int at, Object value) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return value;
    }
  }

  record Name(int at, String name) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return scope.get(name);
    }
  }

  record Attribute(int at, Expr of, String name) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return Attributes.attribute(run.eval(of, scope), name);
    }
  }

  record Item(int at, Expr of, Expr key) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object value = run.eval(of, scope);
      return Attributes.item(run, value, run.eval(key, scope));
    }
  }

  /** {@code [start:stop:step]}; an absent part is null. */
  record SliceKey(int at, Expr start, Expr stop, Expr step) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return new Slice(part(run, scope, start), part(run, scope, stop), part(run, scope, step));
    }

    private static Object part(Run run, Scope scope, Expr part) {
      return part == null ? null : run.eval(part, scope);
    }
  }

  /** Arguments as they are written; {@code *args} and {@code **kwargs} may be null. */
  record CallArguments(List<Expr> positional, Map<String, Expr> named, Expr list, Expr dict) {
    static final CallArguments NONE = new CallArguments(List.of(), Map.of(), null, null);

    Arguments eval(Run run, Scope scope, String callee) {
      if (positional.isEmpty() && named.isEmpty() && list == null && dict == null) {
        return Arguments.none(callee);
      }
      List<Object> values = new ArrayList<>(positional.size());
      for (Expr expr : positional) {
        values.add(run.eval(expr, scope));
      }
      Map<String, Object> byName = new LinkedHashMap<>();
      named.forEach((name, expr) -> byName.put(name, run.eval(expr, scope)));
      if (list != null) {
        values.addAll(Values.list(run, run.eval(list, scope)));
      }
      if (dict != null) {
        if (!(run.eval(dict, scope) instanceof Map<?, ?> more)) {
          throw Failure.type("argument after ** must be a mapping");
        }
        run.budget().items(more.size());
        more.forEach(
            (key, value) -> {
              if (!(key instanceof String name) || byName.containsKey(name)) {
                throw Failure.type("a keyword of ** is no string, or was given already");
              }
              byName.put(name, value);
            });
      }
      return new Arguments(callee, values, byName);
    }
  }

  record Call(int at, Expr callee, CallArguments arguments) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object function = run.eval(callee, scope);
      Arguments values = arguments.eval(run, scope, nameOf(function));
      if (function == Globals.RAISE_EXCEPTION) {
        throw Globals.raised(values, arguments.positional());
      }
      return run.call(function, values);
    }

    private static String nameOf(Object function) {
      return function instanceof Function named ? named.name() : Values.type(function);
    }
  }

  record Filter(int at, Expr value, String name, CallArguments arguments) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object left = run.eval(value, scope);
      return Filters.apply(run, name, left, arguments.eval(run, scope, name));
    }
  }

  record Test(int at, Expr value, String name, CallArguments arguments) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object left = run.eval(value, scope);
      return Tests.apply(run, name, left, arguments.eval(run, scope, name));
    }
  }

  record Binary(int at, String operator, Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object a = run.eval(left, scope);
      return Operators.binary(run, operator, a, run.eval(right, scope));
    }
  }

  record Unary(int at, boolean negates, Expr value) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return Operators.sign(run.eval(value, scope), negates);
    }
  }

  /** {@code a < b == c}: each with its neighbour. */
  record Compare(int at, Expr first, List<String> operators, List<Expr> others) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object left = run.eval(first, scope);
      for (int i = 0; i < operators.size(); i++) {
        Object right = run.eval(others.get(i), scope);
        if (!Operators.compare(run, operators.get(i), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record And(int at, Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object value = run.eval(left, scope);
      return Values.truth(value) ? run.eval(right, scope) : value;
    }
  }

  record Or(int at, Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Object value = run.eval(left, scope);
      return Values.truth(value) ? value : run.eval(right, scope);
    }
  }

  record Not(int at, Expr value) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      return !Values.truth(run.eval(value, scope));
    }
  }

  /** {@code a if b else c}; without else it is undefined. */
  record Conditional(int at, Expr test, Expr then, Expr otherwise) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      if (Values.truth(run.eval(test, scope))) {
        return run.eval(then, scope);
      }
      return otherwise == null
          ? Undefined.hint(
              "the inline if-expression evaluated to false and no else section was defined.")
          : run.eval(otherwise, scope);
    }
  }

  /** {@code a ~ b ~ c}. */
  record Concat(int at, List<Expr> parts) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      Output out = new Output(run.budget());
      for (Expr part : parts) {
        out.append(Repr.str(run, run.eval(part, scope)));
      }
      return out.text();
    }
  }

  record ListLiteral(int at, List<Expr> items, boolean tuple) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      run.budget().items(items.size());
      List<Object> values = new ArrayList<>(items.size());
      for (Expr item : items) {
        values.add(run.eval(item, scope));
      }
      return tuple ? new Tuple(values) : values;
    }
  }

  record DictLiteral(int at, List<Expr> keys, List<Expr> values) implements Expr {
    @Override
    public Object eval(Run run, Scope scope) {
      run.budget().items(3L * keys.size());
      Map<Object, Object> dict = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        Object key = Values.key(run.eval(keys.get(i), scope));
        dict.put(key, run.eval(values.get(i), scope));
      }
      return dict;
    }
  }
}
