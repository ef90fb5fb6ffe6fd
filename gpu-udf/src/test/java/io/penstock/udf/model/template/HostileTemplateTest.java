package io.penstock.udf.model.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that want out, or want everything: a clean error, soon, with little memory. */
class HostileTemplateTest {
  private static final long SECONDS = 1_000_000_000;
  private static final Map<String, Object> CHAT =
      Map.of("messages", List.of(Map.of("role", "user", "content", "hi")), "s", "x");

  static List<JsonNode> hostile() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    TemplateCase.resource("_hostile.json").get("cases").forEach(cases::add);
    return cases;
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void endsInAnErrorOfItsOwn(JsonNode hostile) {
    long start = processorNanos();
    assertThatThrownBy(() -> render(hostile.get("template").asText()))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              assertThat(e.line()).isEqualTo(1);
              assertThat(e.column()).isPositive();
              hostile
                  .get("must_not_output")
                  .forEach(word -> assertThat(e.getMessage()).doesNotContain(word.asText()));
            });
    long limit = hostile.get("limit_ms").asLong() * SECONDS / 1000;
    assertThat(processorNanos() - start).isLessThan(limit);
  }

  /** What only takes: each ends by a limit. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = [ns.a, ns.a] %}"
            + "{% endfor %}{{ ns.a }}",
        "{% set ns = namespace(a=(1,)) %}{% for i in range(60) %}{% set ns.a = (ns.a, ns.a) %}"
            + "{% endfor %}{{ ns.a == ns.a[0] }}{{ ns.a|tojson }}",
        "{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a ~ ns.a %}"
            + "{% endfor %}",
        "{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a|replace('x', 'xx')"
            + " %}{% endfor %}",
        "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = ns.a + [i] %}"
            + "{% endfor %}",
        "{% set a = 'a' * 2000000 %}{% for i in range(9999) %}{{ a.find('a' * 1000000 ~ 'b') }}"
            + "{% endfor %}",
        "{% for i in range(99999) %}{{ 'y' * 4000 }}{% endfor %}",
        "{{ '%99999999d' % 1 }}",
        "{{ '{:99999999}'.format(1) }}",
        "{{ 'x'.center(999999999) }}",
        "{{ 'a\\nb'|indent(999999999) }}",
        "{{ [1]|batch(999999999, 2)|list }}",
        "{{ [1]|slice(999999999)|list }}",
        "{{ [0] * 999999999 }}",
        "{{ 2 ** 99999 }}",
        "{{ 7 ** 77777 }}",
        "{% set ns = namespace(a=3) %}{% for i in range(99999) %}{% set ns.a = ns.a * ns.a %}"
            + "{% endfor %}",
        "{% macro m(x) %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m(1) %}{{ n() }}"
            + "{% endcall %}{% endmacro %}{{ n() }}",
        "{% for i in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
        "{% set a = 'a' * 400000 %}{% set t = ('a' * 399999 ~ 'b',) * 100000 %}"
            + "{{ a.startswith(t) }}",
        "{% for i in range(9999) %}{{ ('1' * 4299 ~ 'x')|float }}{% endfor %}",
        "{% set a = 'a' * 2000000 %}{% for i in range(9999) %}{{ a is lower }}{% endfor %}",
        "{{ [1]|map(attribute='.' * 4000000)|list }}",
        "{{ [1]|sort(attribute=',' * 4000000) }}",
        "{{ strftime_now('%c' * 1000000) }}",
        "{% macro m() %}{% if 1 %}{% if 1 %}{% if 1 %}{% if 1 %}{{ [[[[m()]]]] }}{% endif %}"
            + "{% endif %}{% endif %}{% endif %}{% endmacro %}{{ m() }}",
      })
  void endsByALimit(String template) {
    long start = processorNanos();
    assertThatThrownBy(() -> render(template))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.LIMIT));
    assertThat(processorNanos() - start).isLessThan(5 * SECONDS);
  }

  /** Pairs that a plain search takes years for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ('a' * 500000).rsplit('b' ~ 'a' * 200000)|length }}",
        "{{ ('a' * 500000).split('a' * 200000 ~ 'b')|length }}",
        "{{ 1 if ('a' * 500000).strip('b' * 200000 ~ 'a') else 1 }}",
      })
  void endsSoon(String template) throws TemplateException {
    long start = processorNanos();
    assertThat(render(template)).isEqualTo("1");
    assertThat(processorNanos() - start).isLessThan(5 * SECONDS);
  }

  /** The parser's own recursion, by each way to nest. */
  @ParameterizedTest
  @ValueSource(
      strings = {"(", "[", "{1:", "not ", "-", "a[", "a(", "a if b else ", "a|f(", "a is f(", "-+"})
  void deepExpressionsAreRefused(String nest) {
    assertThatThrownBy(() -> ChatTemplate.parse("{{ " + nest.repeat(50_000) + "1 }}"))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void deepBlocksAreRefused() {
    assertThatThrownBy(() -> ChatTemplate.parse("{% if 1 %}".repeat(50_000)))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> ChatTemplate.parse("{% for (" + "(".repeat(50_000)))
        .isInstanceOf(TemplateException.class);
  }

  /** Long chains are not nested as they are written, but are when they are evaluated. */
  @ParameterizedTest
  @ValueSource(strings = {" + 1", " and 1", "|string", ".a", "()", "[0]", " if 1", " ** 1"})
  void longChainsAreRefusedOrRendered(String link) {
    try {
      render("{{ s" + link.repeat(40_000) + " }}");
    } catch (TemplateException e) {
      assertThat(e.kind()).isNotNull();
    }
  }

  @Test
  void aSmallStackIsEnoughToFailCleanly() throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Runnable render =
        () -> {
          try {
            render("{% macro f(n) %}{% if 1 %}{{ [f(n + 1)] }}{% endif %}{% endmacro %}{{ f(0) }}");
          } catch (Throwable e) {
            thrown.set(e);
          }
        };
    Thread thread = new Thread(null, render, "small-stack", 128 << 10);
    thread.start();
    thread.join();
    assertThat(thrown.get()).isInstanceOf(TemplateException.class);
  }

  @Test
  void deepConversationsAreRefused() {
    Object nested = "x";
    for (int i = 0; i < 100_000; i++) {
      nested = List.of(nested);
    }
    Map<String, Object> variables = Map.of("messages", nested);
    assertThatThrownBy(() -> ChatTemplate.parse("a").render(variables, Clock.systemUTC()))
        .isInstanceOf(TemplateException.class);
  }

  /** Of this thread: other work on the machine does not count. */
  private static long processorNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static String render(String template) throws TemplateException {
    return ChatTemplate.parse(template).render(CHAT, Clock.systemUTC());
  }
}
