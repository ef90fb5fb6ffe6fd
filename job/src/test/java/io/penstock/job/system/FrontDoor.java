package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code scripts/penstock} as a user does, without its build: the surrounding one has made the
 * jars.
 *
 * @param environment added to this process's
 */
record FrontDoor(Map<String, String> environment) {

  /**
   * @param exitCode of the command
   * @param out its stdout
   * @param err its stderr
   */
  record Outcome(int exitCode, String out, String err) {
    /**
     * @return its stdout; fails if the command did
     */
    String succeeded() {
      assertThat(exitCode).as(() -> out + err).isZero();
      return out;
    }
  }

  /** Runs a command of the script. */
  Outcome penstock(Duration limit, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(repositoryRoot().resolve("scripts/penstock").toString());
    command.addAll(List.of(arguments));
    return run(limit, command);
  }

  /**
   * Runs any command; its outputs go to files, since processes that it starts might hold a pipe.
   */
  Outcome run(Duration limit, List<String> command) throws IOException {
    Path out = Files.createTempFile("penstock-system", ".out");
    Path err = Files.createTempFile("penstock-system", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("PENSTOCK_NO_BUILD", "1");
      builder.environment().putAll(environment);
      Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      process.getOutputStream().close();
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        fail("took longer than %s: %s\n%s", limit, command, Files.readString(err));
      }
      return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while running " + command);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static Path repositoryRoot() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("scripts/penstock"))) {
      at = at.getParent();
    }
    assertThat(at).as("the repository's root").isNotNull();
    return at;
  }
}
