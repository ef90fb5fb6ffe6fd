package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs docs/examples/send_prompt.py in a virtual environment under target/, with its packages from
 * PyPI; made once and then kept.
 */
final class PythonExample {
  private static final Path EXAMPLES = Path.of("../docs/examples").toAbsolutePath().normalize();
  private static final Path REQUIREMENTS = EXAMPLES.resolve("requirements.txt");
  private static final Path FOLDER = Path.of("target/python-example").toAbsolutePath();
  private static final Path INSTALLED = FOLDER.resolve("requirements.txt");

  private PythonExample() {}

  /**
   * @param args its arguments
   * @return what it printed to stdout; it ended with 0
   */
  static String run(String... args) throws Exception {
    install();
    List<String> words = new ArrayList<>(List.of(FOLDER.resolve("bin/python").toString()));
    words.add(EXAMPLES.resolve("send_prompt.py").toString());
    words.addAll(List.of(args));
    return command(words);
  }

  private static void install() throws Exception {
    String wanted = Files.readString(REQUIREMENTS);
    if (!Files.exists(INSTALLED) || !Files.readString(INSTALLED).equals(wanted)) {
      command(List.of("python3", "-m", "venv", "--clear", FOLDER.toString()));
      String pip = FOLDER.resolve("bin/pip").toString();
      command(
          List.of(
              pip,
              "install",
              "--quiet",
              "--disable-pip-version-check",
              "-r",
              REQUIREMENTS.toString()));
      Files.writeString(INSTALLED, wanted);
    }
  }

  private static String command(List<String> words) throws IOException, InterruptedException {
    Files.createDirectories(FOLDER);
    Path out = Files.createTempFile("python", ".out");
    Path err = Files.createTempFile("python", ".err");
    Process process =
        new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("ends: %s", words).isTrue();
      assertThat(process.exitValue()).as("%s: %s", words, Files.readString(err, UTF_8)).isZero();
      return Files.readString(out, UTF_8);
    } finally {
      process.destroyForcibly();
      Files.delete(out);
      Files.delete(err);
    }
  }
}
