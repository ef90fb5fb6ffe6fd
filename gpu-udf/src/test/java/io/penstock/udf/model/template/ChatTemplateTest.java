package io.penstock.udf.model.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Jinja 3.1 gives for each, but for the words of errors. */
class ChatTemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2025-03-09T23:05:07Z"), ZoneId.of("Asia/Tokyo"));

  private static String render(String template) throws TemplateException {
    return ChatTemplate.parse(template)
        .render(Map.of("l", List.of(3, 1, 2), "u", "日😀é", "n", 7), CLOCK);
  }

  private static TemplateException failure(String template) {
    return catchThrowableOfType(TemplateException.class, () -> render(template));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      quoteCharacter = '`',
      value = {
        "{{ 1 + 2 * 3 - 4 / 2 }}§5.0",
        "{{ -7 // 2 }},{{ -7 % 3 }},{{ 7 % -3 }},{{ -7.5 % 2 }}§-4,2,-2,0.5",
        "{{ -2 ** 2 }},{{ 2 ** 3 ** 2 }},{{ 2 ** -1 }}§4,64,0.5",
        "{{ 9223372036854775807 + 1 }}§9223372036854775808",
        "{{ 1e16 }} {{ 2e23 }} {{ 5e-324 }} {{ 123456789012345680.0 }} {{ -0.0 }}§1e+16 2e+23 5e-324 1.2345678901234568e+17 -0.0",
        "{{ 1 < 3 < 2 }}{{ 3 > 2 >= 2 != 1 }}{{ true + 1 }}§FalseTrue2",
        "{{ 'a' ~ 'b'|upper ~ none }}§aBNone",
        "{{ u|length }}{{ u[1] }}{{ u[::-1] }}{{ u.find('é') }}§3😀é😀日2",
        "{{ l[::-2] }}{{ l[-1] }}{{ (1, 2)[1:] }}{{ 'abcdef'[:2:-1] }}§[2, 3]2(2,)fed",
        "{{ '%s|%05.1f|%-4d|%x' % ('a', 3.14159, 7, 255) }}§a|003.1|7   |ff",
        "{{ '{0:_>4}{1!r}'.format('a', 'b') }}§___a'b'",
        "{% set g = l|select('odd') %}{{ 'T' if g }}{{ g|list }}{{ g|list }}§T[3, 1][]",
        "{{ l|sort(reverse=true) }}{{ l|map('string')|join('-') }}{{ ['b', 'A']|sort }}§[3, 2, 1]3-1-2['A', 'b']",
        "{% for i in l %}{{ loop.revindex }}{{ loop.previtem }}{{ loop.cycle('x', 'y') }};{% endfor %}§3x;23y;11x;",
        "{% for i in [1, [2]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}§12",
        "{% macro m(a, b=a) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3, z=4) }}§11(){}12(3,){'z': 4}",
        "{% macro m(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) m(5) %}{{ y }}{{ n }}{% endcall %}§<57>",
        "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}§14 12 13 1",
        "{% with a = 1 %}{% with a = a + 1, b = a %}{{ a }}{{ b }}{% endwith %}{% endwith %}§21",
        "{{ {'a': [1, 'q', none, true, 1.0]} }}{{ ['it''s', 'n\\n'] }}§{'a': [1, 'q', None, True, 1.0]}['its', 'n\\n']",
        "{{ strftime_now('%d %b %Y %H:%M %-d %A %j %p') }}§10 Mar 2025 08:05 10 Monday 069 AM",
        "{{ [dict(g='x', v=1), dict(g='y', v=2), dict(g='x', v=3)]|groupby('g')|map(attribute='list')|map('length')|list }}§[2, 1]",
        "{{ nope }}{{ nope|length }}{{ nope is callable }}{{ ''.__class__ }}§0True",
        "{{ nope in {'a': 1} }}{{ {'a': 1}.get(nope, 2) }}{{ {'a': 1}[nope] is defined }}§False2False",
        "{{ 'aaaaa'.rsplit('aa', 1) }}{{ 'a-+b-+'.rsplit('-+') }}§['aaa', '']['a', 'b', '']",
        "{{ 'ab'.replace('', '-', 2) }}{{ '😀'.replace('', '.') }}{{ 'a\tb'.expandtabs(4) }}§-a-b.😀.a   b",
        "{{ 'xyaxx'.strip('yx') }}{{ '😀a😀'.strip('😁😀') }}{{ '%c%c' % (65, 'z') }}§aaAz",
      })
  void rendersAsJinja(String template, String expected) throws TemplateException {
    assertThat(render(template)).isEqualTo(expected);
  }

  @Test
  void whiteSpaceGoesAsTagsSay() throws TemplateException {
    assertThat(render("  {% if n %}\n  A\n  {% endif %}\n  {{ n }}\n\t{# c #}\nB\n"))
        .isEqualTo("  A\n  7\nB");
    assertThat(render("a \n{%- if n -%}\n b {%+ endif +%}\n c")).isEqualTo("ab \n c");
    assertThat(render("a\r\n{% raw %} {{ x }}\r{% endraw -%}\n b")).isEqualTo("a\n {{ x }}\nb");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      value = {
        "a\\n {{ 1 + }}§2§9§SYNTAX",
        "{% if n %}\\n{{ n }}§2§8§SYNTAX",
        "{% endif %}§1§4§SYNTAX",
        "{{ 'abc }}§1§4§SYNTAX",
        "\\n\\n{{ nope.x }}§3§9§UNDEFINED",
        "{{ n }}\\n{% for i in n %}{% endfor %}§2§4§TYPE",
        "{{ 'a' + 1 }}§1§8§TYPE",
        "{{ 1 // 0 }}§1§6§VALUE",
        "{{ '%c' % -1 }}§1§9§VALUE",
        "{{ '%c' % 1114112 }}§1§9§VALUE",
        "{{ l.append(1) }}§1§6§SECURITY",
        "{{ raise_exception('x') }}§1§4§RAISED",
        "{% macro m() %}\\n{{ raise_exception('x') }}{% endmacro %}\\n{{ m() }}§2§4§RAISED",
        "{{ n|nonsense }}§1§6§SYNTAX",
        "{% include 'x' %}§1§4§SYNTAX",
        "{% break %}§1§4§SYNTAX",
      })
  void errorsHaveLineAndColumn(String template, int line, int column, String kind) {
    TemplateException e = failure(template.replace("\\n", "\n"));
    assertThat(e).isNotNull();
    assertThat(e.line()).as("line").isEqualTo(line);
    assertThat(e.column()).as("column").isEqualTo(column);
    assertThat(e.kind()).hasToString(kind);
    assertThat(e).hasMessageStartingWith("line=" + line + " column=" + column + ": ");
  }

  @Test
  void oneTemplateServesManyThreads() throws TemplateException {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% set ns = namespace(s=0) %}{% for i in range(n) %}{% set ns.s = ns.s + i"
                + " %}{% endfor %}{{ ns.s }}");
    List<String> sums =
        java.util.stream.IntStream.range(0, 200)
            .parallel()
            .mapToObj(n -> sum(template, n))
            .toList();
    for (int n = 0; n < 200; n++) {
      assertThat(sums.get(n)).isEqualTo(String.valueOf(n * (n - 1) / 2));
    }
  }

  private static String sum(ChatTemplate template, int n) {
    try {
      return template.render(Map.of("n", n), CLOCK);
    } catch (TemplateException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void saysWhatItMentions() throws TemplateException {
    ChatTemplate template = ChatTemplate.parse("text {{ m.mood }}{{ m['to' 'ne'] }}{# c.gone #}");
    assertThat(List.of("mood", "m", "to")).allMatch(template::mentions);
    assertThat(List.of("text", "gone", "role")).noneMatch(template::mentions);
  }
}
