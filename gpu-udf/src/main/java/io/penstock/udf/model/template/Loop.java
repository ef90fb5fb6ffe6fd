package io.penstock.udf.model.template;

import java.util.List;

/** The variable {@code loop} of a running loop. */
final class Loop {
  private final Statements.For statement;
  private final Scope around;
  private final List<Object> items;
  private final int depth;
  private int index = -1;
  private Object last;
  private boolean compared;

  Loop(Statements.For statement, Scope around, List<Object> items, int depth) {
    this.statement = statement;
    this.around = around;
    this.items = items;
    this.depth = depth;
  }

  boolean next() {
    index++;
    return index < items.size();
  }

  Object item() {
    return items.get(index);
  }

  int length() {
    return items.size();
  }

  Object get(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> items.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> index == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" ->
          index == 0 ? Undefined.hint("there is no previous item") : items.get(index - 1);
      case "nextitem" ->
          index + 1 >= items.size()
              ? Undefined.hint("there is no next item")
              : items.get(index + 1);
      case "cycle" -> new Function("cycle", (run, arguments) -> cycle(arguments));
      case "changed" -> new Function("changed", this::changed);
      default -> Undefined.attribute(this, name);
    };
  }

  private Object cycle(Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw Failure.type("no items for cycling given");
    }
    return arguments.positional().get(index % arguments.positional().size());
  }

  private Object changed(Run run, Arguments arguments) {
    Tuple now = new Tuple(arguments.positional());
    boolean changed = !compared || !Values.equal(run, last, now);
    compared = true;
    last = now;
    return changed;
  }

  /** {@code loop(items)} of a recursive loop. */
  Object recurse(Run run, Arguments arguments) {
    if (!statement.recursive()) {
      throw Failure.type("The loop must have the 'recursive' marker to be called recursively.");
    }
    Object over = arguments.bound(1, "iterable").get("iterable");
    run.budget().enterCall();
    try {
      Output out = new Output(run.budget());
      statement.loop(run, around, out, over, depth + 1);
      return out.text();
    } finally {
      run.budget().leaveCall();
    }
  }
}
