package io.penstock.udf.model.template;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What can stand behind {@code |}: Jinja's filters, but for those that make HTML or chance. */
final class Filters {
  static final Set<String> NAMES =
      Set.of(
          "abs",
          "attr",
          "batch",
          "capitalize",
          "center",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "forceescape",
          "format",
          "groupby",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "pprint",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "slice",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "truncate",
          "unique",
          "upper",
          "urlencode",
          "wordcount");

  /** Those without arguments. */
  private static final Set<String> PLAIN =
      Set.of(
          "abs",
          "capitalize",
          "count",
          "e",
          "escape",
          "first",
          "forceescape",
          "items",
          "last",
          "length",
          "list",
          "lower",
          "reverse",
          "safe",
          "string",
          "title",
          "upper",
          "urlencode",
          "wordcount");

  private Filters() {}

  static Failure unknown(String kind, String name) {
    return new Failure(
        TemplateException.Kind.SYNTAX,
        "No " + kind + " named " + Repr.shortened(name) + ".",
        false);
  }

  /** As {@code str} prints it. */
  static String text(Run run, Object value) {
    return Repr.str(run, value);
  }

  static Object apply(Run run, String name, Object value, Arguments arguments) {
    if (PLAIN.contains(name)) {
      arguments.bound();
    }
    return switch (name) {
      case "default", "d" -> {
        Arguments bound = arguments.bound("default_value", "boolean");
        boolean missing =
            value instanceof Undefined || (bound.flag("boolean") && !Values.truth(value));
        yield missing ? bound.get("default_value", "") : value;
      }
      case "length", "count" -> length(run, value);
      case "string", "safe" -> text(run, value);
      case "tojson" -> JsonText.of(run, value, arguments);
      case "list" -> Values.list(run, value);
      case "items" -> items(run, value);
      case "attr" -> {
        String attribute = arguments.bound(1, "name").string("name", "");
        yield value instanceof Map<?, ?> map && map.containsKey(attribute)
            ? Undefined.attribute(value, attribute)
            : Attributes.attribute(value, attribute);
      }
      case "abs", "int", "float", "round" -> NumberFilters.apply(run, name, value, arguments);
      case "first", "last", "reverse", "join", "batch", "slice", "sum" ->
          ListFilters.apply(run, name, value, arguments);
      case "map", "select", "reject", "selectattr", "rejectattr" ->
          Selection.apply(run, name, value, arguments);
      case "sort", "unique", "min", "max", "groupby", "dictsort" ->
          Sorting.apply(run, name, value, arguments);
      default -> {
        if (!NAMES.contains(name)) {
          throw unknown("filter", name);
        }
        yield TextFilters.apply(run, name, value, arguments);
      }
    };
  }

  private static Object length(Run run, Object value) {
    if (value instanceof String text) {
      run.budget().scan(text.length());
    }
    return (long) Values.length(value);
  }

  private static Object items(Run run, Object value) {
    if (value instanceof Undefined) {
      return new Once("generator", List.of());
    }
    if (value instanceof Map<?, ?> map) {
      return new Once("generator", Containers.items(run, map));
    }
    throw Failure.type("Can only get item pairs from a mapping.");
  }
}
