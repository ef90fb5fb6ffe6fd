package io.penstock.schemas;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Fields of JSON prompts that are not ours but well known, from OpenAI's interface and what vLLM
 * and SGLang add to it: other names of our fields, and those that we know only to refuse. Of the
 * latter, null and a value that changes nothing are let through. Immutable; docs/records.md has the
 * table.
 *
 * @param aliases our names of fields by theirs
 * @param unsupported the value that changes nothing, by name; empty if there is none
 */
record ForeignFields(Map<String, String> aliases, Map<String, String> unsupported) {
  /** None. */
  static final ForeignFields NONE = new ForeignFields(Map.of(), Map.of());

  /** Those of prompts. */
  static final ForeignFields OPENAI =
      new ForeignFields(
          Map.of(
              "id", "request_id",
              "prompt", "text",
              "max_tokens", "max_new_tokens",
              "max_completion_tokens", "max_new_tokens"),
          openAi());

  private static Map<String, String> openAi() {
    Map<String, String> fields = new HashMap<>();
    fields.putAll(
        Map.of(
            "n", "1",
            "best_of", "1",
            "stream", "false",
            "echo", "false",
            "store", "false",
            "logprobs", "false",
            "temperature", "0",
            "top_p", "1",
            "presence_penalty", "0",
            "frequency_penalty", "0"));
    fields.putAll(
        names(
            "audio chat_template continue_final_message function_call functions guided_json"
                + " ignore_eos input instructions logit_bias min_p min_tokens modalities model"
                + " parallel_tool_calls prediction prompt_cache_key reasoning_effort"
                + " repetition_penalty response_format safety_identifier sampling_params seed"
                + " service_tier stop stop_token_ids stream_options suffix tool_choice top_k"
                + " top_logprobs user verbosity web_search_options"));
    return Map.copyOf(fields);
  }

  private static Map<String, String> names(String words) {
    return Arrays.stream(words.split(" "))
        .collect(Collectors.toMap(Function.identity(), name -> ""));
  }

  /**
   * @param name of a field that is not ours
   * @param json at its value
   * @return whether the value changes nothing
   * @throws IOException if it is not JSON
   */
  boolean changesNothing(String name, JsonParser json) throws IOException {
    JsonToken token = json.currentToken();
    String neutral = unsupported.get(name);
    if (token == JsonToken.VALUE_NULL) {
      return true;
    }
    return token.isNumeric()
        ? !neutral.isEmpty() && Double.toString(json.getDoubleValue()).equals(neutral + ".0")
        : token.isBoolean() && json.getText().equals(neutral);
  }

  /**
   * @param name of a field that is refused
   * @return what to say of it
   */
  String refusal(String name) {
    String neutral = unsupported.get(name);
    return "field is not supported: field="
        + name
        + (neutral.isEmpty() ? "" : " supported=" + neutral)
        + switch (name) {
          case "model" -> "; a job runs one model, which its results name";
          case "user", "safety_identifier" -> "; metadata takes the caller's own labels";
          case "top_logprobs" -> "; top_logits returns the largest logits";
          case "chat_template" -> "; the job's template is used";
          default -> "";
        };
  }
}
