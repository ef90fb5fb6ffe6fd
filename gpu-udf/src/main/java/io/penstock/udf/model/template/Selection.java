package io.penstock.udf.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code map}, {@code select}, {@code reject} and their kin. */
final class Selection {
  private Selection() {}

  static Once apply(Run run, String name, Object value, Arguments arguments) {
    List<Object> items = Values.list(run, value);
    List<Object> out = new ArrayList<>(items.size());
    if (name.equals("map")) {
      mapped(run, items, out, arguments);
    } else {
      selected(run, name, items, out, arguments);
    }
    return new Once("generator", out);
  }

  private static void mapped(Run run, List<Object> items, List<Object> out, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      Map<String, Object> named = new LinkedHashMap<>(arguments.named());
      if (!named.containsKey("attribute")) {
        throw Failure.type("map requires a filter argument");
      }
      Path path = Path.of(named.remove("attribute"));
      Object otherwise = named.remove("default");
      if (!named.isEmpty()) {
        throw Failure.type("map() got an unexpected keyword argument");
      }
      items.forEach(item -> out.add(path.in(run, item, otherwise)));
      return;
    }
    String filter = name(arguments.positional().get(0));
    Arguments rest = rest(filter, arguments, 1);
    for (Object item : items) {
      run.budget().enter();
      out.add(Filters.apply(run, filter, item, rest));
      run.budget().leave();
    }
  }

  private static void selected(
      Run run, String name, List<Object> items, List<Object> out, Arguments arguments) {
    boolean byAttribute = name.endsWith("attr");
    if (byAttribute && arguments.positional().isEmpty()) {
      throw Failure.type("Missing parameter for attribute name");
    }
    Path path = Path.of(byAttribute ? arguments.positional().get(0) : null);
    int skip = byAttribute ? 1 : 0;
    boolean truth = arguments.positional().size() <= skip;
    String test = truth ? "" : name(arguments.positional().get(skip));
    Arguments rest = truth ? null : rest(test, arguments, skip + 1);
    boolean wanted = name.startsWith("select");
    for (Object item : items) {
      run.budget().steps(1);
      Object value = path.in(run, item);
      if ((truth ? Values.truth(value) : Tests.apply(run, test, value, rest)) == wanted) {
        out.add(item);
      }
    }
  }

  private static String name(Object value) {
    if (value instanceof String name) {
      return name;
    }
    throw Failure.type("the name of a filter or test must be str, not " + Values.type(value));
  }

  private static Arguments rest(String callee, Arguments arguments, int from) {
    List<Object> positional = arguments.positional();
    return new Arguments(callee, positional.subList(from, positional.size()), arguments.named());
  }
}
