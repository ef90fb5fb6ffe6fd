package io.penstock.udf.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/** Writes Hugging Face directories as tests want them, right or wrong. */
final class SafetensorsBytes {
  private final Map<String, String> config = new LinkedHashMap<>();
  private final Map<String, String> entries = new LinkedHashMap<>();
  private final LittleEndianBytes data = new LittleEndianBytes();

  /** A model that opens: one layer, hidden size 8, two query heads and one key head of 4, F32. */
  static SafetensorsBytes tinyLlama() {
    SafetensorsBytes model = new SafetensorsBytes();
    model.config("architectures", "[\"LlamaForCausalLM\"]").config("model_type", "\"llama\"");
    model.config("vocab_size", "6").config("hidden_size", "8").config("intermediate_size", "12");
    model.config("num_hidden_layers", "1").config("num_attention_heads", "2");
    model.config("num_key_value_heads", "1").config("max_position_embeddings", "64");
    model.f32("model.embed_tokens.weight", 6, 8).f32("model.norm.weight", 8);
    model.f32("lm_head.weight", 6, 8);
    model.f32("model.layers.0.input_layernorm.weight", 8);
    model.f32("model.layers.0.self_attn.q_proj.weight", 8, 8);
    model.f32("model.layers.0.self_attn.k_proj.weight", 4, 8);
    model.f32("model.layers.0.self_attn.v_proj.weight", 4, 8);
    model.f32("model.layers.0.self_attn.o_proj.weight", 8, 8);
    model.f32("model.layers.0.post_attention_layernorm.weight", 8);
    model.f32("model.layers.0.mlp.gate_proj.weight", 12, 8);
    model.f32("model.layers.0.mlp.up_proj.weight", 12, 8);
    return model.f32("model.layers.0.mlp.down_proj.weight", 8, 12);
  }

  /** Sets a key of config.json; null takes it away. */
  SafetensorsBytes config(String key, String json) {
    if (json == null) {
      config.remove(key);
    } else {
      config.put(key, json);
    }
    return this;
  }

  /** A tensor after the others whose values count up: element i of tensor n is 100 n + i. */
  SafetensorsBytes f32(String name, int... shape) {
    int begin = data.size();
    StringJoiner sizes = new StringJoiner(",", "[", "]");
    int elements = 1;
    for (int size : shape) {
      sizes.add(String.valueOf(size));
      elements *= size;
    }
    for (int i = 0; i < elements; i++) {
      data.f32(100f * entries.size() + i);
    }
    return entry(
        name,
        "{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(sizes, begin, data.size()));
  }

  /** Any header entry, right or wrong; null takes it away. */
  SafetensorsBytes entry(String name, String json) {
    if (json == null) {
      entries.remove(name);
    } else {
      entries.put(name, json);
    }
    return this;
  }

  SafetensorsBytes data(int bytes) {
    data.zeros(bytes);
    return this;
  }

  Set<String> names() {
    return entries.keySet();
  }

  int dataBytes() {
    return data.size();
  }

  byte[] bytes() {
    byte[] header = object(entries).getBytes(StandardCharsets.UTF_8);
    return new LittleEndianBytes().i64(header.length).raw(header).raw(data.array()).array();
  }

  Path write(Path directory) {
    try {
      Files.writeString(directory.resolve("config.json"), object(config));
      Files.write(directory.resolve("model.safetensors"), bytes());
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String object(Map<String, String> fields) {
    StringJoiner json = new StringJoiner(",", "{", "}");
    fields.forEach((key, value) -> json.add("\"" + key + "\":" + value));
    return json.toString();
  }
}
