package io.penstock.udf.model.template;

import io.penstock.udf.model.template.TemplateException.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that every template knows by name. */
final class Globals {
  private static final int MAX_DATE_CHARS = 1_000;

  /** Evaluated by the call itself, see {@link #raised}. */
  static final Function RAISE_EXCEPTION =
      new Function(
          "raise_exception",
          (run, arguments) -> {
            throw raised(arguments, List.of());
          });

  static final Map<String, Function> FUNCTIONS =
      Map.of(
          "range", new Function("range", (run, arguments) -> range(run, arguments)),
          "dict", new Function("dict", Globals::dict),
          "namespace", new Function("namespace", Globals::namespace),
          "cycler", new Function("cycler", (run, arguments) -> new Cycler(arguments.positional())),
          "joiner", new Function("joiner", (run, arguments) -> joiner(arguments)),
          "raise_exception", RAISE_EXCEPTION,
          "strftime_now", new Function("strftime_now", Globals::now));

  private Globals() {}

  private static Object range(Run run, Arguments arguments) {
    Range range = Range.of(arguments);
    run.budget().steps(1);
    return range;
  }

  /**
   * @param written the arguments as the template has them; a literal message quotes no conversation
   */
  static Failure raised(Arguments arguments, List<Expr> written) {
    Object message = arguments.bound(1, "message").get("message");
    boolean literal = written.size() == 1 && written.get(0) instanceof Expressions.Constant;
    return new Failure(
        Kind.RAISED, message instanceof String text ? text : Values.describe(message), literal);
  }

  private static Object dict(Run run, Arguments arguments) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    if (arguments.positional().size() > 1) {
      throw Failure.type(
          "dict expected at most 1 argument: given=" + arguments.positional().size());
    }
    for (Object from : arguments.positional()) {
      if (from instanceof Map<?, ?> map) {
        dict.putAll(map);
      } else {
        for (Object entry : Values.list(run, from)) {
          List<Object> pair = Values.list(run, entry);
          if (pair.size() != 2) {
            throw Failure.value("dictionary update sequence element has no length 2");
          }
          dict.put(Values.key(pair.get(0)), pair.get(1));
        }
      }
    }
    dict.putAll(arguments.named());
    run.budget().items(3L * dict.size());
    return dict;
  }

  private static Object namespace(Run run, Arguments arguments) {
    Namespace namespace = new Namespace();
    ((Map<?, ?>) dict(run, arguments))
        .forEach((key, value) -> namespace.set(String.valueOf(key), value));
    return namespace;
  }

  private static Object now(Run run, Arguments arguments) {
    String format = arguments.bound(1, "format").string("format", "");
    if (format.length() > MAX_DATE_CHARS) {
      throw Failure.limit(
          "a format of dates is too long: chars=" + format.length() + " limit=" + MAX_DATE_CHARS);
    }
    return run.budget().made(Strftime.format(run.clock(), format));
  }

  private static Object joiner(Arguments arguments) {
    String separator = arguments.bound("sep").string("sep", ", ");
    boolean[] used = {false};
    return new Function(
        "joiner",
        (run, none) -> {
          String now = used[0] ? separator : "";
          used[0] = true;
          return now;
        });
  }

  /** What {@code cycler(…)} gives. */
  static final class Cycler {
    private final List<Object> items;
    private int place;

    Cycler(List<Object> items) {
      if (items.isEmpty()) {
        throw Failure.type("at least one item has to be provided");
      }
      this.items = items;
    }

    Object get(String name) {
      return switch (name) {
        case "next" ->
            new Function(
                name,
                (run, none) -> {
                  Object item = items.get(place);
                  place = (place + 1) % items.size();
                  return item;
                });
        case "reset" ->
            new Function(
                name,
                (run, none) -> {
                  place = 0;
                  return null;
                });
        case "current" -> items.get(place);
        default -> null;
      };
    }
  }
}
