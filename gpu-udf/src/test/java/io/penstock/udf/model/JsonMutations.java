package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Changes a JSON object where it means something: fields go, swap, nest, or get nasty values. */
final class JsonMutations {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] NASTY = {
    "null",
    "0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "18446744073709551616",
    "1e308",
    "1e-320",
    "0.5",
    "true",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"<s>\"",
    "\"a\"",
    "\"\\ud83d\\ude00\"",
    "\"(\"",
    "\"(a|a)*$\"",
    "\"(?<=a)b\"",
    "\"a*a*a*b\"",
    "\"AA==\"",
    "[]",
    "{}",
    "[[]]",
    "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AA==\"}",
    "{\"type\":\"Strip\",\"content\":\"a\",\"start\":1,\"stop\":9}"
  };

  private final Random random;

  JsonMutations(Random random) {
    this.random = random;
  }

  /**
   * A copy with one to three changes; once in a while so deep, or so long, that nobody means it.
   */
  byte[] of(byte[] json) {
    try {
      JsonNode root = JSON.readTree(json);
      for (int change = random.nextInt(3); change >= 0; change--) {
        List<JsonNode> containers = new ArrayList<>();
        collect(root, containers);
        change(containers.get(random.nextInt(containers.size())), containers);
      }
      return JSON.writeValueAsBytes(root);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private JsonNode nasty() throws IOException {
    return switch (random.nextInt(40)) {
      case 0 -> JSON.readTree("[".repeat(300) + "]".repeat(300));
      case 1 -> JSON.getNodeFactory().textNode("x".repeat(1 << random.nextInt(17)));
      default -> JSON.readTree(NASTY[random.nextInt(NASTY.length)]);
    };
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode() && containers.size() < 1000) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }

  private void change(JsonNode container, List<JsonNode> others) throws IOException {
    JsonNode other = others.get(random.nextInt(others.size())).deepCopy();
    JsonNode value = random.nextInt(4) == 0 ? other : nasty();
    if (container instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.isEmpty() ? "a" : names.get(random.nextInt(names.size()));
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(value.asText(), object.path(name));
        default -> object.set(name, value);
      }
    } else if (container instanceof ArrayNode array) {
      int index = array.isEmpty() ? 0 : random.nextInt(array.size());
      switch (random.nextInt(4)) {
        case 0 -> array.remove(index);
        case 1 -> array.insert(index, value);
        default -> {
          array.remove(index);
          array.insert(index, value);
        }
      }
    }
  }
}
