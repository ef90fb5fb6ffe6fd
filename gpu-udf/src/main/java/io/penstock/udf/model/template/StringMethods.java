package io.penstock.udf.model.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** Methods of Python's str. Places are code points. */
final class StringMethods {
  static final Set<String> NAMES =
      Set.of(
          "strip",
          "lstrip",
          "rstrip",
          "split",
          "rsplit",
          "splitlines",
          "partition",
          "rpartition",
          "startswith",
          "endswith",
          "removeprefix",
          "removesuffix",
          "replace",
          "upper",
          "lower",
          "casefold",
          "swapcase",
          "title",
          "capitalize",
          "find",
          "rfind",
          "index",
          "rindex",
          "count",
          "join",
          "format",
          "format_map",
          "ljust",
          "rjust",
          "center",
          "zfill",
          "expandtabs",
          "isdigit",
          "isdecimal",
          "isnumeric",
          "isalpha",
          "isalnum",
          "isspace",
          "isupper",
          "islower",
          "istitle",
          "isascii",
          "isidentifier",
          "isprintable");

  private StringMethods() {}

  static Object call(Run run, String text, String name, Arguments arguments) {
    run.budget().scan(text.length());
    return switch (name) {
      case "strip", "lstrip", "rstrip" -> {
        boolean left = !name.equals("rstrip");
        yield strip(run, text, arguments, left, !name.equals("lstrip"));
      }
      case "split", "rsplit" -> {
        Arguments bound = arguments.bound("sep", "maxsplit");
        yield Splits.split(
            run,
            text,
            bound.string("sep", null),
            bound.integer("maxsplit", -1),
            name.equals("rsplit"));
      }
      case "splitlines" -> Splits.lines(run, text, arguments.bound("keepends").flag("keepends"));
      case "partition", "rpartition" ->
          Splits.partition(run, text, only(arguments, "sep"), name.equals("rpartition"));
      case "startswith", "endswith" -> affix(run, text, arguments, name.equals("startswith"));
      case "removeprefix" -> {
        String prefix = only(arguments, "prefix");
        yield text.startsWith(prefix) ? run.budget().made(text.substring(prefix.length())) : text;
      }
      case "removesuffix" -> {
        String suffix = only(arguments, "suffix");
        yield text.endsWith(suffix)
            ? run.budget().made(text.substring(0, text.length() - suffix.length()))
            : text;
      }
      case "replace" -> {
        Arguments bound = arguments.bound(2, "old", "new", "count");
        yield replace(
            run,
            text,
            bound.string("old", ""),
            bound.string("new", ""),
            bound.integer("count", -1));
      }
      case "upper" -> run.budget().made(text.toUpperCase(Locale.ROOT));
      case "lower", "casefold" -> run.budget().made(text.toLowerCase(Locale.ROOT));
      case "capitalize" -> run.budget().made(capitalize(text));
      case "title", "swapcase" -> run.budget().made(recased(text, name.equals("title")));
      case "find", "index", "rfind", "rindex" -> find(run, text, name, arguments);
      case "count" -> count(run, text, arguments);
      case "join" -> {
        Object items = arguments.bound(1, "iterable").get("iterable");
        yield join(run, text, Values.list(run, items));
      }
      case "format" -> BraceFormat.apply(run, text, arguments);
      case "format_map" -> {
        if (!(arguments.bound(1, "mapping").get("mapping") instanceof Map<?, ?> map)) {
          throw Failure.type("format_map() takes a mapping");
        }
        yield BraceFormat.apply(run, text, new Arguments(name, List.of(), BraceFormat.names(map)));
      }
      case "ljust", "rjust", "center", "zfill" -> padded(run, text, name, arguments);
      case "expandtabs" -> expanded(run, text, arguments.bound("tabsize").integer("tabsize", 8));
      default -> {
        arguments.bound();
        yield is(text, name);
      }
    };
  }

  static String strip(Run run, String text, Arguments arguments, boolean left, boolean right) {
    String set = arguments.bound("chars").string("chars", null);
    run.budget().scan(set == null ? 0 : set.length());
    return run.budget().made(Text.strip(text, set, left, right));
  }

  private static String only(Arguments arguments, String name) {
    return arguments.bound(1, name).string(name, "");
  }

  private static boolean affix(Run run, String text, Arguments arguments, boolean start) {
    Arguments bound = arguments.bound(1, "prefix", "start", "end");
    String part = part(text, bound);
    Object affix = bound.get("prefix");
    List<Object> any = affix instanceof Tuple tuple ? tuple.items() : List.of(text(affix));
    if (part == null) {
      return false;
    }
    for (Object each : any) {
      String one = text(each);
      run.budget().steps(1);
      run.budget().scan(one.length());
      if (start ? part.startsWith(one) : part.endsWith(one)) {
        return true;
      }
    }
    return false;
  }

  private static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw Failure.type("expected str or a tuple of str, not " + Values.type(value));
  }

  /** What lies between the arguments start and end; null if start is behind the text. */
  private static String part(String text, Arguments bound) {
    if (bound.get("start") == null && bound.get("end") == null) {
      return text;
    }
    int length = Text.length(text);
    int start = place(bound.integer("start", 0), length);
    int end = Math.min(length, place(bound.integer("end", length), length));
    if (start > length || start > end) {
      return null;
    }
    return text.substring(Text.offset(text, start), Text.offset(text, end));
  }

  private static int place(int index, int length) {
    return index < 0 ? Math.max(0, index + length) : index;
  }

  static String replace(Run run, String text, String old, String by, int count) {
    if (count == 0 || (old.isEmpty() && by.isEmpty())) {
      return text;
    }
    Output out = new Output(run.budget());
    int done = 0;
    int from = 0;
    if (old.isEmpty()) {
      for (int i = 0; i < text.length(); done++) {
        int next = text.offsetByCodePoints(i, 1);
        out.append(count < 0 || done < count ? by : "");
        out.append(text.substring(i, next));
        i = next;
      }
      return count < 0 || done < count ? out.text() + by : out.text();
    }
    int to = count < 0 ? Integer.MAX_VALUE : count;
    Search search = new Search(run.budget(), text, old);
    for (int at = search.next(0); at >= 0 && done < to; at = search.next(from)) {
      out.append(text.substring(from, at));
      out.append(by);
      from = at + old.length();
      done++;
    }
    out.append(text.substring(from));
    return out.text();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    StringBuilder out = new StringBuilder(text.length());
    return out.appendCodePoint(Character.toTitleCase(text.codePointAt(0)))
        .append(text.substring(first).toLowerCase(Locale.ROOT))
        .toString();
  }

  private static String recased(String text, boolean title) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean cased =
          Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
      if (title) {
        out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      } else {
        out.appendCodePoint(
            Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
      }
      inWord = cased;
    }
    return out.toString();
  }

  private static Object find(Run run, String text, String name, Arguments arguments) {
    Arguments bound = arguments.bound(1, "sub", "start", "end");
    String sub = text(bound.get("sub"));
    String part = part(text, bound);
    int at = -1;
    if (part != null) {
      at =
          name.startsWith("r")
              ? Search.last(run.budget(), part, sub)
              : Search.first(run.budget(), part, sub);
    }
    if (at < 0) {
      if (name.endsWith("index")) {
        throw Failure.value("substring not found");
      }
      return -1L;
    }
    long start = place(bound.integer("start", 0), Text.length(text));
    return start + part.codePointCount(0, at);
  }

  private static Object count(Run run, String text, Arguments arguments) {
    Arguments bound = arguments.bound(1, "sub", "start", "end");
    String sub = text(bound.get("sub"));
    String part = part(text, bound);
    if (part == null) {
      return 0L;
    }
    if (sub.isEmpty()) {
      return Text.length(part) + 1L;
    }
    long count = 0;
    Search search = new Search(run.budget(), part, sub);
    for (int at = search.next(0); at >= 0; at = search.next(at + sub.length())) {
      count++;
    }
    return count;
  }

  /** Of strings alone. */
  private static String join(Run run, String separator, List<Object> items) {
    Output out = new Output(run.budget());
    for (int i = 0; i < items.size(); i++) {
      if (!(items.get(i) instanceof String item)) {
        if (items.get(i) instanceof Undefined undefined) {
          throw undefined.failure();
        }
        throw Failure.type(
            "sequence item "
                + i
                + ": expected str instance, "
                + Values.type(items.get(i))
                + " found");
      }
      out.append(i == 0 ? "" : separator);
      out.append(item);
    }
    return out.text();
  }

  private static String padded(Run run, String text, String name, Arguments arguments) {
    Arguments bound =
        name.equals("zfill")
            ? arguments.bound(1, "width")
            : arguments.bound(1, "width", "fillchar");
    int width = bound.integer("width", 0);
    String fill = name.equals("zfill") ? "0" : bound.string("fillchar", " ");
    if (Text.length(fill) != 1) {
      throw Failure.type("The fill character must be exactly one character long");
    }
    int pad = width <= 0 ? 0 : Math.max(0, width - Text.length(text));
    run.budget().string((long) text.length() + (long) pad * fill.length());
    return switch (name) {
      case "ljust" -> text + fill.repeat(pad);
      case "rjust" -> fill.repeat(pad) + text;
      case "center" -> {
        int left = pad / 2 + (pad & width & 1);
        yield fill.repeat(left) + text + fill.repeat(pad - left);
      }
      default -> {
        boolean signed = !text.isEmpty() && (text.charAt(0) == '-' || text.charAt(0) == '+');
        yield text.substring(0, signed ? 1 : 0) + fill.repeat(pad) + text.substring(signed ? 1 : 0);
      }
    };
  }

  private static String expanded(Run run, String text, int size) {
    Output out = new Output(run.budget());
    int column = 0;
    for (int i = 0; i < text.length(); ) {
      int next = text.offsetByCodePoints(i, 1);
      char c = text.charAt(i);
      if (c == '\t') {
        int blanks = size <= 0 ? 0 : size - column % size;
        run.budget().string(blanks);
        out.append(" ".repeat(blanks));
        column += blanks;
      } else {
        out.append(text.substring(i, next));
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
      i = next;
    }
    return out.text();
  }

  private static boolean is(String text, String name) {
    return switch (name) {
      case "isdigit" -> all(text, c -> Character.isDigit(c) || superscript(c));
      case "isdecimal" -> all(text, Character::isDigit);
      case "isnumeric" -> all(text, c -> Character.isDigit(c) || superscript(c) || number(c));
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, c -> Character.isLetterOrDigit(c) || superscript(c) || number(c));
      case "isspace" -> all(text, Text::isSpace);
      case "isascii" -> text.chars().allMatch(c -> c < 128);
      case "isupper" ->
          text.codePoints().anyMatch(Character::isUpperCase)
              && text.codePoints()
                  .noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
      case "islower" ->
          text.codePoints().anyMatch(Character::isLowerCase)
              && text.codePoints()
                  .noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
      case "istitle" ->
          text.codePoints().anyMatch(Character::isUpperCase) && recased(text, true).equals(text);
      case "isidentifier" ->
          all(text, c -> c == '_' || Character.isLetterOrDigit(c))
              && !Character.isDigit(text.codePointAt(0));
      default -> text.codePoints().allMatch(Repr::printable);
    };
  }

  private static boolean all(String text, IntPredicate holds) {
    return !text.isEmpty() && text.codePoints().allMatch(holds);
  }

  private static boolean superscript(int c) {
    return c == 0xb2 || c == 0xb3 || c == 0xb9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2089);
  }

  private static boolean number(int c) {
    int type = Character.getType(c);
    return type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }
}
