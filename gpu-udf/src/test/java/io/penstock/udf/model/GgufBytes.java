package io.penstock.udf.model;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes GGUF files as tests want them, right or wrong. */
final class GgufBytes {
  static final int F32 = 0;
  static final int IQ2_XXS = 16;

  private record Tensor(String name, int type, long[] sizes, byte[] data, long bytes) {}

  private final Map<String, byte[]> keys = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private int version = 3;
  private int laidOutFor = 32;
  private int trailing;

  /** A model that opens: one layer, hidden size 8, two query heads and one key head of 4, F32. */
  static GgufBytes tinyLlama() {
    GgufBytes gguf =
        new GgufBytes()
            .string("general.architecture", "llama")
            .u32("llama.embedding_length", 8)
            .u32("llama.block_count", 1)
            .u32("llama.attention.head_count", 2)
            .u32("llama.attention.head_count_kv", 1)
            .u32("llama.feed_forward_length", 12)
            .u32("llama.context_length", 64)
            .f32("llama.rope.freq_base", 10000)
            .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .f32Tensor("token_embd.weight", 8, 6)
            .f32Tensor("output_norm.weight", 8)
            .f32Tensor("blk.0.attn_norm.weight", 8)
            .f32Tensor("blk.0.attn_q.weight", 8, 8)
            .f32Tensor("blk.0.attn_k.weight", 8, 4)
            .f32Tensor("blk.0.attn_v.weight", 8, 4)
            .f32Tensor("blk.0.attn_output.weight", 8, 8)
            .f32Tensor("blk.0.ffn_norm.weight", 8);
    return gguf.f32Tensor("blk.0.ffn_gate.weight", 8, 12)
        .f32Tensor("blk.0.ffn_up.weight", 8, 12)
        .f32Tensor("blk.0.ffn_down.weight", 12, 8);
  }

  GgufBytes version(int newVersion) {
    version = newVersion;
    return this;
  }

  /** Says one alignment and lays the data out for another. */
  GgufBytes alignment(int said, int done) {
    laidOutFor = done;
    return u32("general.alignment", said);
  }

  List<String> keyNames() {
    return List.copyOf(keys.keySet());
  }

  List<String> tensorNames() {
    return List.copyOf(tensors.keySet());
  }

  /** Bytes after the last tensor and its padding. */
  GgufBytes trailing(int bytes) {
    trailing = bytes;
    return this;
  }

  GgufBytes string(String key, String value) {
    return key(key, 8, new LittleEndianBytes().text(value).array());
  }

  GgufBytes u32(String key, int value) {
    return key(key, 4, new LittleEndianBytes().i32(value).array());
  }

  GgufBytes f32(String key, float value) {
    return key(key, 6, new LittleEndianBytes().f32(value).array());
  }

  GgufBytes bool(String key, boolean value) {
    return key(key, 7, new byte[] {(byte) (value ? 1 : 0)});
  }

  GgufBytes floats(String key, float... values) {
    LittleEndianBytes out = new LittleEndianBytes().i32(6).i64(values.length);
    for (float value : values) {
      out.f32(value);
    }
    return key(key, 9, out.array());
  }

  GgufBytes strings(String key, List<String> values) {
    LittleEndianBytes out = new LittleEndianBytes().i32(8).i64(values.size());
    values.forEach(out::text);
    return key(key, 9, out.array());
  }

  GgufBytes integers(String key, List<Integer> values) {
    LittleEndianBytes out = new LittleEndianBytes().i32(5).i64(values.size());
    values.forEach(out::i32);
    return key(key, 9, out.array());
  }

  /** Any value, right or wrong. */
  GgufBytes key(String key, int type, byte[] value) {
    keys.put(key, new LittleEndianBytes().i32(type).raw(value).array());
    return this;
  }

  GgufBytes without(String name) {
    keys.remove(name);
    tensors.remove(name);
    return this;
  }

  /** A tensor whose values count up: element i of tensor n is 100 n + i. */
  GgufBytes f32Tensor(String name, long... sizes) {
    int elements = 1;
    for (long size : sizes) {
      elements *= (int) size;
    }
    LittleEndianBytes data = new LittleEndianBytes();
    for (int i = 0; i < elements; i++) {
      data.f32(100f * tensors.size() + i);
    }
    return tensor(name, F32, data.array(), sizes);
  }

  /** Any tensor, right or wrong; sizes fastest first. */
  GgufBytes tensor(String name, int type, byte[] data, long... sizes) {
    tensors.put(name, new Tensor(name, type, sizes, data, data.length));
    return this;
  }

  /** A tensor of zeros that takes no space on disk; for {@link #writeSparse} only. */
  GgufBytes sparseTensor(String name, int type, long bytes, long... sizes) {
    tensors.put(name, new Tensor(name, type, sizes, new byte[0], bytes));
    return this;
  }

  byte[] bytes() {
    LittleEndianBytes out = new LittleEndianBytes().raw(header());
    for (Tensor tensor : tensors.values()) {
      out.raw(tensor.data).zeros(padding(tensor.data.length));
    }
    return out.zeros(trailing).array();
  }

  private byte[] header() {
    LittleEndianBytes out = new LittleEndianBytes();
    out.raw("GGUF".getBytes(StandardCharsets.US_ASCII)).i32(version);
    out.i64(tensors.size()).i64(keys.size());
    keys.forEach((key, value) -> out.text(key).raw(value));
    long offset = 0;
    for (Tensor tensor : tensors.values()) {
      out.text(tensor.name).i32(tensor.sizes.length);
      for (long size : tensor.sizes) {
        out.i64(size);
      }
      out.i32(tensor.type).i64(offset);
      offset += tensor.bytes + padding(tensor.bytes);
    }
    return out.zeros(padding(out.size())).array();
  }

  /** As {@link #write}, leaving holes for sparse tensors. */
  Path writeSparse(Path directory) throws IOException {
    Path path = directory.resolve("model.gguf");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(header());
      for (Tensor tensor : tensors.values()) {
        long start = file.getFilePointer();
        file.write(tensor.data);
        file.seek(start + tensor.bytes + padding(tensor.bytes));
      }
      file.setLength(file.getFilePointer());
    }
    return path;
  }

  Path write(Path directory) {
    try {
      return Files.write(directory.resolve("model.gguf"), bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int padding(long size) {
    return (int) ((laidOutFor - size % laidOutFor) % laidOutFor);
  }
}
