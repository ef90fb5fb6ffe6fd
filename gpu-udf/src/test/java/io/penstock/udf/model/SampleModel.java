package io.penstock.udf.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The sample model, SmolLM2-135M-Instruct in Q4_1, which is too large for the repository: {@code
 * scripts/penstock model fetch} gets it. Tests that need it are skipped where it is not there.
 */
public final class SampleModel {
  private static final String PROPERTY = "penstock.smollm2";
  private static final Path DEFAULT =
      Path.of(".penstock", "models", "SmolLM2-135M-Instruct.Q4_1.gguf");

  private SampleModel() {}

  /**
   * @return the GGUF file: what the system property {@code penstock.smollm2} says, or {@code
   *     .penstock/models/} below the repository's root
   * @throws org.opentest4j.TestAbortedException if the property is not set and the file not there
   */
  public static Path require() {
    String property = System.getProperty(PROPERTY, "");
    if (!property.isEmpty()) {
      Path path = Path.of(property);
      if (!Files.isRegularFile(path)) {
        throw new AssertionError("no such file: " + PROPERTY + "=" + path);
      }
      return path;
    }
    Path path = repositoryRoot().resolve(DEFAULT);
    assumeTrue(
        Files.isRegularFile(path),
        () -> "sample model is not there: " + path + "; get it with: scripts/penstock model fetch");
    return path;
  }

  private static Path repositoryRoot() {
    Path directory = Path.of("").toAbsolutePath();
    for (Path at = directory; at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("gpu-udf")) && Files.exists(at.resolve("pom.xml"))) {
        return at;
      }
    }
    return directory;
  }
}
