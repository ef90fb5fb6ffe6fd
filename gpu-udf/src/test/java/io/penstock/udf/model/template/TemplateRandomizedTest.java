package io.penstock.udf.model.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged templates and heaps of tokens: a rendering, or a {@link TemplateException}; nothing else.
 * Replay with {@code -Dpenstock.seed=}; more with {@code -Dpenstock.mutations=}.
 */
class TemplateRandomizedTest {
  private static final int MUTATIONS = Integer.getInteger("penstock.mutations", 3_000);
  private static final List<String> PIECES =
      List.of(
          "{{",
          "}}",
          "{%",
          "%}",
          "{#",
          "#}",
          "{%-",
          "-%}",
          "{{-",
          "-}}",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "|",
          ".",
          ",",
          ":",
          "=",
          "==",
          "~",
          "**",
          "//",
          "%",
          "*",
          "-",
          "+",
          "'",
          "\"",
          "\\",
          " if ",
          " else ",
          " for ",
          " in ",
          " is ",
          " not ",
          " set ",
          " macro ",
          " endif ",
          " endfor ",
          " endset ",
          " endmacro ",
          " recursive ",
          " break ",
          " raw ",
          " endraw ",
          " generation ",
          " filter ",
          " call ",
          " messages ",
          " m ",
          " loop ",
          " ns ",
          "namespace(",
          "range(",
          "1",
          "0",
          "-1",
          "99999",
          "1e9",
          "none",
          "true",
          "\n",
          "😀",
          "\u0000",
          "[::-1]",
          "|tojson",
          "|map",
          "|join",
          "|sort",
          "|groupby('a')",
          "|indent",
          "|round",
          "|list",
          ".split",
          ".format",
          ".items()",
          "__class__");
  private static final Map<String, Object> VARIABLES =
      Map.of(
          "messages",
          List.of(
              Map.of("role", "user", "content", "hi {} %s\n"), Map.of("role", "x", "content", "")),
          "m",
          "a,b",
          "tools",
          List.of());

  private static final List<String> VALUES =
      List.of(
          "none",
          "true",
          "-1",
          "0",
          "3",
          "1114112",
          "-2147483648",
          "9223372036854775807",
          "99999999999999999999",
          "2.5",
          "-0.0",
          "(1e308 * 10)",
          "''",
          "'a b'",
          "'x'",
          "'%c|%5.2f|%s|%-*d|%(a)s'",
          "'{0:>5}{a!r:{b}}{'",
          "'{:e}{:,}{:05d}{[a]}'",
          "'0x_1'",
          "'😀\\ud83d\\n'",
          "[]",
          "[3, 'a', none]",
          "[[2, 1], [1]]",
          "[{'a': 1}, {'a': nope}]",
          "(1, 'x')",
          "{}",
          "{'a': [1], 2: none}",
          "{'a': 1}.items()",
          "nope",
          "range(3)",
          "dict",
          "m.split",
          "namespace(a=1)",
          "([1]|map('abs'))",
          "cycler(1, 2)",
          "a=1",
          "attribute='a'",
          "'upper'",
          "'eq'");
  private static final List<String> TESTS =
      List.of(
          "defined",
          "odd",
          "divisibleby",
          "in",
          "sameas",
          "lt",
          "eq",
          "lower",
          "upper",
          "filter",
          "test",
          "iterable",
          "sequence",
          "number",
          "escaped");
  private static final List<String> OPERATORS =
      List.of(
          "{{ _ + [_] }}",
          "{{ _ % (_) }}",
          "{{ _ * (_) }}",
          "{{ _ ** (_) }}",
          "{{ _ // (_) }}",
          "{{ _ < (_) }}",
          "{{ _ in (_) }}",
          "{{ _[_] }}",
          "{{ _[_:] }}",
          "{{ _[::_] }}",
          "{{ _(_) }}",
          "{{ dict(_) }}",
          "{{ range(_) }}",
          "{{ namespace(_) }}",
          "{{ cycler(_) }}",
          "{{ joiner(_)() }}",
          "{{ strftime_now(_) }}",
          "{{ raise_exception(_) }}",
          "{% for a, b in [_] %}{{ loop.cycle(_) }}{% endfor %}",
          "{{ -_ }}");
  private final long seed = Long.getLong("penstock.seed", 20_261_125L);
  private final Random random = new Random(seed);

  @Test
  void damagedTemplatesEndCleanly() throws IOException {
    List<String> templates = new ArrayList<>();
    TemplateCase.features().forEach(each -> templates.add(each.template()));
    int rendered = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      StringBuilder template = new StringBuilder(templates.get(random.nextInt(templates.size())));
      for (int edits = random.nextInt(4); edits >= 0; edits--) {
        int at = random.nextInt(template.length() + 1);
        int to = Math.min(template.length(), at + random.nextInt(6));
        template.replace(
            at, to, random.nextBoolean() ? PIECES.get(random.nextInt(PIECES.size())) : "");
      }
      rendered += ends(i, template.toString()) ? 1 : 0;
    }
    assertThat(rendered).as("rendered of " + MUTATIONS).isPositive();
  }

  @Test
  void heapsOfTokensEndCleanly() {
    for (int i = 0; i < MUTATIONS; i++) {
      StringBuilder template = new StringBuilder(random.nextBoolean() ? "{{ " : "{% ");
      for (int pieces = random.nextInt(20); pieces >= 0; pieces--) {
        template.append(PIECES.get(random.nextInt(PIECES.size())));
      }
      ends(i, template.toString());
    }
  }

  /** Every filter, test, method and operator, with arguments that it does or does not take. */
  @Test
  void whateverTheArgumentsEndsCleanly() {
    List<String> calls = new ArrayList<>(OPERATORS);
    Filters.NAMES.stream().sorted().forEach(name -> calls.add("{{ _|" + name + "(_) }}"));
    StringMethods.NAMES.stream().sorted().forEach(name -> calls.add("{{ _." + name + "(_) }}"));
    StringMethods.NAMES.stream().sorted().forEach(name -> calls.add("{{ 'a b'." + name + "(_) }}"));
    TESTS.forEach(name -> calls.add("{{ _ is " + name + "(_) }}"));
    for (int i = 0; i < MUTATIONS / 20; i++) {
      for (String call : calls) {
        String first = VALUES.get(random.nextInt(VALUES.size()));
        StringBuilder others = new StringBuilder();
        for (int count = random.nextInt(4); count > 0; count--) {
          others
              .append(others.isEmpty() ? "" : ", ")
              .append(VALUES.get(random.nextInt(VALUES.size())));
        }
        int at = call.indexOf('_');
        int last = call.lastIndexOf('_');
        String template =
            at == last
                ? call.substring(0, at) + others + call.substring(at + 1)
                : call.substring(0, at)
                    + first
                    + call.substring(at + 1, last)
                    + others
                    + call.substring(last + 1);
        ends(i, template);
      }
    }
  }

  /** Whether it was rendered. */
  private boolean ends(int number, String template) {
    try {
      ChatTemplate.parse(template).render(VARIABLES, Clock.systemUTC());
      return true;
    } catch (TemplateException e) {
      assertThat(e.line()).isPositive();
      assertThat(e.kind())
          .as("seed=%s number=%s template=%s: %s", seed, number, template, e.getMessage())
          .isNotEqualTo(TemplateException.Kind.BUG);
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed=" + seed + " number=" + number + " template=" + template, e);
    }
  }
}
