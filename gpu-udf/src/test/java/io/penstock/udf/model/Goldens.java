package io.penstock.udf.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Reference figures made with other people's software; token ids and numbers only. */
public final class Goldens {

  /** Ids of the SmolLM2 prompts, shortest first: c- are chats; s- are texts of so many tokens. */
  public static final List<String> SMOLLM2 =
      List.of(
          "s-0001", "s-0002", "s-0015", "c-02", "c-01", "c-04", "c-05", "c-06", "c-03", "c-07",
          "s-0063", "s-0064", "s-0065", "s-0129", "s-0500", "s-1000", "s-2047", "s-4096", "s-8000");

  private static final ObjectMapper JSON = new ObjectMapper();

  private Goldens() {}

  /**
   * One prompt and what a float32 run of the model says at its last token.
   *
   * @param name for test names
   * @param ids the prompt
   * @param argmax token with the largest logit
   * @param top10 the ten largest logits, largest first
   * @param probes some logits: for the tiny models all of them, in the order of token ids
   * @param sum of all logits, accumulated in float64
   * @param l2 norm of all logits
   * @param hiddenL2 norms of the hidden state: embedding, after each layer, after the final norm
   * @param greedy tokens that follow when each is the argmax
   * @param greedyMargin at each of these steps, how far the argmax is ahead of the next
   * @param bf16MaxAbs how far a run in bf16 was off at most, over all logits, where it was measured
   */
  public record Prompt(
      String name,
      int[] ids,
      int argmax,
      List<TokenLogit> top10,
      List<TokenLogit> probes,
      double sum,
      double l2,
      double[] hiddenL2,
      int[] greedy,
      double[] greedyMargin,
      OptionalDouble bf16MaxAbs) {

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * @param tokenId in the vocabulary
   * @param logit of that token
   */
  public record TokenLogit(int tokenId, float logit) {}

  /**
   * @param id one of {@link #SMOLLM2}
   * @return that prompt, for {@link SampleModel}
   */
  public static Prompt smollm2(String id) {
    JsonNode json = json("smollm2/" + id + ".json");
    JsonNode last = json.get("last");
    JsonNode greedy = json.get("greedy");
    List<TokenLogit> probes = new ArrayList<>();
    for (int i = 0; i < last.get("probe_ids").size(); i++) {
      probes.add(
          new TokenLogit(
              last.get("probe_ids").get(i).intValue(),
              last.get("probe_logits").get(i).floatValue()));
    }
    return new Prompt(
        id,
        ints(json.get("ids")),
        last.get("argmax").intValue(),
        pairs(last.get("top10")),
        List.copyOf(probes),
        last.get("sum").doubleValue(),
        last.get("l2").doubleValue(),
        doubles(last.get("hidden_l2")),
        ints(greedy.get("ids")),
        doubles(greedy.get("margin")),
        optional(json.at("/measured/bf16_compute/max_abs")));
  }

  /**
   * @param model one of {@link TinyModels#DIRECTORIES}
   * @return its prompts, shortest first
   */
  public static List<Prompt> tiny(String model) {
    return prompts(model, json("tiny/" + model + "/golden.json"));
  }

  /**
   * @param file one of {@link TinyModels#GGUF_FILES}
   * @return its prompts, shortest first
   */
  public static List<Prompt> gguf(String file) {
    return prompts(file, json("gguf/" + file + ".golden.json"));
  }

  /**
   * @param file a golden file that is not among the test's resources
   * @return its prompts, shortest first
   */
  public static List<Prompt> ofFile(Path file) throws IOException {
    return prompts(String.valueOf(file.getFileName()), JSON.readTree(file.toFile()));
  }

  /** A file of the goldens, by its path below their folder. */
  static JsonNode json(String path) {
    try (InputStream in = Goldens.class.getResourceAsStream("/goldens/" + path)) {
      if (in == null) {
        throw new FileNotFoundException("no such golden: " + path);
      }
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A JSON array of integers. */
  static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static List<Prompt> prompts(String model, JsonNode json) {
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode prompt : json.get("prompts")) {
      List<TokenLogit> logits = new ArrayList<>();
      for (JsonNode logit : prompt.get("logits")) {
        logits.add(new TokenLogit(logits.size(), logit.floatValue()));
      }
      prompts.add(
          new Prompt(
              model + "/" + prompt.get("n_tokens"),
              ints(prompt.get("ids")),
              prompt.get("argmax").intValue(),
              pairs(prompt.get("top10")),
              List.copyOf(logits),
              prompt.get("sum").doubleValue(),
              prompt.get("l2").doubleValue(),
              doubles(prompt.get("hidden_l2")),
              ints(prompt.get("greedy")),
              doubles(prompt.get("greedy_margin")),
              optional(prompt.at("/measured/max_abs_bf16_compute"))));
    }
    return List.copyOf(prompts);
  }

  private static List<TokenLogit> pairs(JsonNode array) {
    List<TokenLogit> pairs = new ArrayList<>();
    for (JsonNode pair : array) {
      pairs.add(new TokenLogit(pair.get(0).intValue(), pair.get(1).floatValue()));
    }
    return List.copyOf(pairs);
  }

  private static double[] doubles(JsonNode array) {
    return IntStream.range(0, array.size()).mapToDouble(i -> array.get(i).doubleValue()).toArray();
  }

  private static OptionalDouble optional(JsonNode number) {
    return number.isNumber() ? OptionalDouble.of(number.doubleValue()) : OptionalDouble.empty();
  }
}
