package io.penstock.udf.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * One tiny model, {@code llama-untied-a}, in files as llama.cpp quantises them: 22 MB that are not
 * in the project. Tests of them are skipped without {@code -Dpenstock.gguf-types=FOLDER}.
 */
public final class GgufTypes {

  /** Files, each with its {@code .golden.json}. */
  public static final List<String> FILES =
      Stream.of(
              "BF16", "F16", "IQ4_NL", "Q2_K", "Q3_K_M", "Q4_0", "Q4_1", "Q4_K_M", "Q5_0", "Q5_1",
              "Q5_K_M", "Q6_K", "Q8_0")
          .map(type -> "llama-untied-a." + type + ".gguf")
          .toList();

  private GgufTypes() {}

  /**
   * @param name one of {@link #FILES}
   * @return the file; aborts the test, saying why, where no folder is given
   */
  public static Path require(String name) {
    String folder = System.getProperty("penstock.gguf-types");
    Assumptions.assumeTrue(folder != null, "no -Dpenstock.gguf-types");
    Path file = Path.of(folder).resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new AssertionError("no such file: " + file);
    }
    return file;
  }

  /** What the file's tensors and prompts must give. */
  public static Path golden(Path file) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(name.replace(".gguf", ".golden.json"));
  }
}
