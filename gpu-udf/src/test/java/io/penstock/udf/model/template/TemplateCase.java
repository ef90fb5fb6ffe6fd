package io.penstock.udf.model.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rendering that another implementation has made.
 *
 * @param name its file and name
 * @param template the template
 * @param variables what it sees
 * @param now what strftime_now reads, in UTC
 * @param expected the rendering; null if it is an error
 * @param error the other's words, for an error
 * @param errorType the other's type of error
 */
record TemplateCase(
    String name,
    String template,
    Map<String, Object> variables,
    Clock now,
    String expected,
    String error,
    String errorType) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> OUTCOMES =
      Set.of(
          "id",
          "expected",
          "error",
          "error_type",
          "expected_tools_undefined",
          "error_tools_undefined");

  @Override
  public String toString() {
    return name;
  }

  static JsonNode resource(String file) throws IOException {
    try (InputStream in =
        TemplateCase.class.getResourceAsStream("/goldens/chat-templates/" + file)) {
      return MAPPER.readTree(in);
    }
  }

  /** Cases of features, each with a template of its own. */
  static List<TemplateCase> features() throws IOException {
    JsonNode file = resource("_engine-features.json");
    List<TemplateCase> cases = new ArrayList<>();
    for (JsonNode node : file.get("cases")) {
      Map<String, Object> variables = new LinkedHashMap<>(map(file.get("common_context")));
      variables.putAll(map(node.get("context")));
      cases.add(
          of(node, node.get("name").asText(), node.get("template").asText(), variables, file));
    }
    return cases;
  }

  /** Cases of one model's template. */
  static List<TemplateCase> ofModel(Path path) throws IOException {
    JsonNode file = MAPPER.readTree(Files.readAllBytes(path));
    List<TemplateCase> cases = new ArrayList<>();
    for (JsonNode node : file.get("cases")) {
      Map<String, Object> variables = new LinkedHashMap<>();
      variables.put("tools", null);
      variables.put("documents", null);
      for (String token : List.of("bos_token", "eos_token")) {
        if (!file.get(token).isNull()) {
          variables.put(token, file.get(token).asText());
        }
      }
      map(node).forEach((key, value) -> put(variables, key, value));
      String name = file.get("name").asText() + "/" + node.get("id").asText();
      cases.add(of(node, name, file.get("template").asText(), variables, file));
    }
    return cases;
  }

  private static void put(Map<String, Object> variables, String key, Object value) {
    if (!OUTCOMES.contains(key)) {
      variables.put(key, value);
    }
  }

  private static TemplateCase of(
      JsonNode node, String name, String template, Map<String, Object> variables, JsonNode file) {
    LocalDateTime now = LocalDateTime.parse(file.get("now").asText());
    return new TemplateCase(
        name,
        template,
        variables,
        Clock.fixed(now.toInstant(ZoneOffset.UTC), ZoneOffset.UTC),
        node.path("expected").textValue(),
        node.path("error").asText(),
        node.path("error_type").asText());
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(JsonNode node) {
    return MAPPER.convertValue(node, Map.class);
  }

  String render() throws TemplateException {
    return ChatTemplate.parse(template).render(variables, now);
  }
}
