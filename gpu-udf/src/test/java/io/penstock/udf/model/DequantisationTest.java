package io.penstock.udf.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every value of every type, bit by bit, against the hashes of three other implementations. */
class DequantisationTest {

  static Stream<JsonNode> blocks() {
    Stream.Builder<JsonNode> blocks = Stream.builder();
    Goldens.json("blocks/blocks.json").forEach(blocks);
    return blocks.build();
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void blocksOfEveryType(JsonNode golden) throws IOException {
    String type = golden.get("type").textValue();
    Path path = TestResources.folder("goldens/blocks", "blocks.json").resolve(type + ".bin");
    try (ModelFile file = ModelFile.open(path)) {
      StoredTensor tensor =
          new StoredTensor(
              type,
              golden.at("/gguf_ne/1").intValue(),
              golden.at("/gguf_ne/0").intValue(),
              TensorType.valueOf(type),
              file,
              0);
      assertThat(Sha256.of(tensor)).isEqualTo(golden.get("f32_sha256").textValue());
    }
  }

  @ParameterizedTest
  @FieldSource("io.penstock.udf.model.TinyModels#GGUF_FILES")
  void tinyFiles(String name) throws IOException {
    assertFileMatches(
        TinyModels.gguf(name), Goldens.json("gguf/" + name + ".golden.json").get("tensors"));
  }

  @ParameterizedTest
  @FieldSource("io.penstock.udf.model.GgufTypes#FILES")
  void filesOfEveryType(String name) throws IOException {
    Path file = GgufTypes.require(name);
    assertFileMatches(
        file, new ObjectMapper().readTree(GgufTypes.golden(file).toFile()).get("tensors"));
  }

  @Test
  void sampleModel() throws IOException {
    assertFileMatches(SampleModel.require(), Goldens.json("smollm2/gguf-tensors.json"));
  }

  private static void assertFileMatches(Path path, JsonNode goldens) throws IOException {
    assertThat(goldens).isNotEmpty();
    try (GgufFile file = GgufFile.open(path)) {
      for (JsonNode golden : goldens) {
        String name = golden.get("name").textValue();
        RawTensor raw = file.tensors().get(name);
        assertThat(raw).as(name).isNotNull();
        assertThat(raw.typeName()).as(name).isEqualTo(golden.get("type").textValue());
        JsonNode sizes = golden.get("gguf_ne");
        LlamaTensors.Expected expected =
            new LlamaTensors.Expected(
                name, name, sizes.path(1).asInt(1), sizes.get(0).intValue(), false);
        assertThat(Sha256.of(raw.as(expected)))
            .as(name)
            .isEqualTo(golden.get("f32_sha256").textValue());
      }
    }
  }
}
