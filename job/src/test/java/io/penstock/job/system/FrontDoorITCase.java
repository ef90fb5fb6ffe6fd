package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.system.FrontDoor.Outcome;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code scripts/penstock} says when it is asked wrongly, and what {@code prepare} does. */
class FrontDoorITCase {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String FLAG = "--add-modules=jdk.incubator.vector";

  @TempDir private Path folder;

  private Outcome penstock(String... arguments) throws Exception {
    return with(Map.of()).penstock(LIMIT, arguments);
  }

  private FrontDoor with(Map<String, String> environment) {
    Map<String, String> all = new HashMap<>(environment);
    all.put("PENSTOCK_HOME", folder.resolve("state with space").toString());
    return new FrontDoor(all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "quickstart",
        "up",
        "down",
        "status",
        "logs",
        "model",
        "prepare",
        "doctor",
        "completion",
        "test"
      })
  void tellsHowACommandIsUsed(String command) throws Exception {
    assertThat(penstock(command, "--help").succeeded())
        .startsWith("Usage: scripts/penstock " + command);
  }

  @ParameterizedTest
  @ValueSource(strings = {"submit", "ask", "cancel", "local"})
  void tellsHowAJavaCommandIsUsedWithoutJava(String command) throws Exception {
    Outcome help =
        with(Map.of("JAVA_HOME", folder.toString())).penstock(LIMIT, command, "x", "--help");
    assertThat(help.succeeded()).startsWith("Usage: ").contains("--help");
    assertThat(help.err()).isEmpty();
  }

  @Test
  void refusesWhatItDoesNotKnow() throws Exception {
    Outcome command = penstock("sumbit");
    assertThat(command.exitCode()).isEqualTo(2);
    assertThat(command.err()).contains("unknown command 'sumbit'").contains("--help");
    Outcome option = penstock("up", "--taskmanager");
    assertThat(option.exitCode()).isEqualTo(2);
    assertThat(option.err()).contains("unknown option '--taskmanager'");
    assertThat(penstock("up", "--taskmanagers", "0").exitCode()).isEqualTo(2);
    assertThat(penstock().exitCode()).isEqualTo(2);
  }

  @Test
  void saysThatTheJdkIsMissing() throws Exception {
    Outcome up = with(Map.of("JAVA_HOME", folder.toString())).penstock(LIMIT, "up");
    assertThat(up.exitCode()).isEqualTo(1);
    assertThat(up.err()).contains("JAVA_HOME=" + folder).contains("JDK 17");
  }

  @Test
  void namesThePortThatIsInUseAndItsVariable() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = "" + taken.getLocalPort();
      Outcome up = with(Map.of("PENSTOCK_KAFKA_PORT", port)).penstock(LIMIT, "up");
      assertThat(up.exitCode()).isEqualTo(1);
      assertThat(up.err()).contains("port " + port).contains("PENSTOCK_KAFKA_PORT");
    }
    assertThat(penstock("down").exitCode()).isZero();
  }

  @Test
  void preparesAFlinkHomeOnceAndReplacesOlderJars() throws Exception {
    Path home = flinkHome("env:\n  java:\n    opts:\n      all: -Dx=y\nrest:\n  port: 8081\n");
    Path older = Files.createFile(home.resolve("lib/penstock-gpu-udf-0.0.1.jar"));
    Outcome first = penstock("prepare", home.toString());
    first.succeeded();
    assertThat(first.err()).contains("put Penstock's libraries").contains(FLAG);
    assertThat(older).doesNotExist();
    List<String> jars = jars(home);
    assertThat(jars).anyMatch(jar -> jar.startsWith("penstock-gpu-udf-"));
    assertThat(jars).anyMatch(jar -> jar.startsWith("tokenizers-"));
    assertThat(jars).noneMatch(jar -> jar.startsWith("slf4j-api"));
    assertThat(Files.readString(home.resolve("conf/config.yaml"))).doesNotContain(FLAG);

    Outcome second = penstock("prepare", "--write-config", home.toString());
    second.succeeded();
    assertThat(second.err()).contains("is up to date").contains("added");
    penstock("prepare", "--write-config", home.toString()).succeeded();
    assertThat(Files.readString(home.resolve("conf/config.yaml")))
        .isEqualTo(
            "env:\n  java:\n    opts:\n      all: -Dx=y " + FLAG + "\nrest:\n  port: 8081\n");
    assertThat(jars(home)).isEqualTo(jars);
  }

  @Test
  void preparesNothingThatIsNoFlinkHome() throws Exception {
    Outcome prepare = penstock("prepare", folder.toString());
    assertThat(prepare.exitCode()).isEqualTo(1);
    assertThat(prepare.err()).contains("is no Flink home");
    assertThat(folder).isEmptyDirectory();
  }

  private Path flinkHome(String config) throws Exception {
    Path home = Files.createDirectory(folder.resolve("flink home"));
    Files.createDirectories(home.resolve("lib"));
    Files.createDirectories(home.resolve("conf"));
    Files.createFile(home.resolve("lib/flink-dist-2.2.1.jar"));
    Files.writeString(home.resolve("conf/config.yaml"), config);
    return home;
  }

  private static List<String> jars(Path home) throws Exception {
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
