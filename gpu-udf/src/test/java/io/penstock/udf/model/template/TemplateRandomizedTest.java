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

  /** Whether it was rendered. */
  private boolean ends(int number, String template) {
    try {
      ChatTemplate.parse(template).render(VARIABLES, Clock.systemUTC());
      return true;
    } catch (TemplateException e) {
      assertThat(e.line()).isPositive();
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed=" + seed + " number=" + number + " template=" + template, e);
    }
  }
}
