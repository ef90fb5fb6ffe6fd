package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.system.FrontDoor.Outcome;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code penstock doctor} finds on machines that lack something, and on this one. */
class DoctorITCase {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String STRING = "\"(?:[^\"\\\\\\p{Cntrl}]|\\\\[\"\\\\])*\"";
  private static final String CHECK =
      "\\{\"name\":(STRING),\"status\":\"(ok|warning|problem)\",\"found\":(STRING),\"advice\":(STRING|null)}"
          .replace("STRING", STRING);
  private static final Pattern REPORT =
      Pattern.compile(
          "\\{\"ok\":(true|false),\"problems\":(\\d+),\"warnings\":(\\d+),\"checks\":\\[(CHECK(?:,CHECK)*)]}\n"
              .replace("CHECK", CHECK.replaceAll("\\((?!\\?)", "(?:")));

  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void anotherHomeAndFreePorts() throws Exception {
    environment.put("PENSTOCK_HOME", folder.resolve("state").toString());
    environment.put("PENSTOCK_METRICS_PORTS", "0");
    for (String name : List.of("REST", "JOBMANAGER", "BLOB", "KAFKA", "KAFKA_CONTROLLER")) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        environment.put("PENSTOCK_" + name + "_PORT", "" + free.getLocalPort());
      }
    }
  }

  private Outcome doctor(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "doctor";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return new FrontDoor(environment).penstock(LIMIT, command);
  }

  /** The line of a check, and what to do about it if that is told. */
  private static String check(String status, String name, Outcome outcome) {
    Matcher line =
        Pattern.compile(
                "(?m)^(?:" + status + ") +" + Pattern.quote(name) + "  +\\S.*(?:\\n +-> .*)?$")
            .matcher(outcome.out());
    assertThat(line.find())
        .as("%s %s in\n%s%s", status, name, outcome.out(), outcome.err())
        .isTrue();
    return line.group();
  }

  @Test
  void nothingIsInTheWayHere() throws Exception {
    Outcome doctor = doctor();
    doctor.succeeded();
    assertThat(doctor.err()).isEmpty();
    assertThat(doctor.out()).endsWith("\nnothing is in the way\n");
    assertThat(check("ok", "JDK", doctor)).contains("17");
    assertThat(check("ok", "cpu backend", doctor)).contains("cpu ").contains("products ");
    assertThat(check("ok", "Flink", doctor)).contains("not running");
  }

  @Test
  void theReportForAProgramSaysTheSame() throws Exception {
    environment.put("PENSTOCK_KAFKA_PORT", "a \"port\"\\");
    Outcome doctor = doctor("--json");
    assertThat(doctor.exitCode()).isEqualTo(1);
    Matcher report = REPORT.matcher(doctor.out());
    assertThat(report.matches()).as(doctor.out()).isTrue();
    assertThat(report.group(1)).isEqualTo("false");
    Matcher check = Pattern.compile(CHECK).matcher(report.group(4));
    Map<String, String> statuses = new HashMap<>();
    long problems = 0;
    while (check.find()) {
      statuses.put(check.group(1), check.group(2));
      problems += check.group(2).equals("problem") ? 1 : 0;
    }
    assertThat(report.group(2)).isEqualTo("" + problems);
    assertThat(statuses)
        .containsEntry("\"Kafka\"", "ok")
        .containsKeys("\"JDK\"", "\"Maven\"", "\"memory\"", "\"instructions\"", "\"GPU\"");
    assertThat(doctor.out()).contains("PENSTOCK_KAFKA_PORT=a \\\"port\\\"\\\\ is no port");
  }

  @Test
  void runsWithoutJavaMavenAndPythonAndSaysHowToGetThem() throws Exception {
    environment.put("PATH", toolsWithout("java", "mvn", "python3").toString());
    environment.put("JAVA_HOME", "");
    Outcome doctor = doctor();
    assertThat(doctor.exitCode()).isEqualTo(1);
    assertThat(check("problem", "JDK", doctor)).contains("missing").contains("openjdk-17");
    assertThat(check("problem|warning", "Maven", doctor)).contains("apt-get install maven");
    assertThat(check("problem", "Python", doctor)).contains("python3-pip");
    assertThat(check("warning", "cpu backend", doctor)).contains("not asked");
    check("ok", "GPU", doctor);
    assertThat(doctor.out()).contains("in the way: ");
  }

  @Test
  void anotherJdkIsNamedWithItsVersion() throws Exception {
    Path jdk = Files.createDirectories(folder.resolve("jdk-11/bin"));
    for (String name : List.of("java", "javac")) {
      Files.writeString(jdk.resolve(name), "#!/bin/sh\nexit 1\n");
      Files.setPosixFilePermissions(
          jdk.resolve(name), PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Files.writeString(jdk.resolveSibling("release"), "JAVA_VERSION=\"11.0.2\"\n");
    environment.put("JAVA_HOME", jdk.getParent().toString());
    Outcome doctor = doctor();
    assertThat(doctor.exitCode()).isEqualTo(1);
    assertThat(check("problem", "JDK", doctor)).contains("version 11").contains("JAVA_HOME");
  }

  @Test
  void aPortThatIsTakenIsNamedWithItsOwnerAndItsVariable() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      environment.put("PENSTOCK_REST_PORT", "" + taken.getLocalPort());
      Outcome doctor = doctor();
      assertThat(doctor.exitCode()).isEqualTo(1);
      assertThat(check("problem", "port " + taken.getLocalPort(), doctor))
          .contains("pid " + ProcessHandle.current().pid() + ", ")
          .contains("PENSTOCK_REST_PORT");
    }
  }

  @Test
  void aFlinkHomeIsPreparedOrNotOrOfAnotherBuild() throws Exception {
    Path home = folder.resolve("flink home");
    Files.createDirectories(home.resolve("lib"));
    Files.createDirectories(home.resolve("conf"));
    Files.createFile(home.resolve("lib/flink-dist-2.2.1.jar"));
    Files.writeString(home.resolve("conf/config.yaml"), "rest.port: 8081\n");
    Outcome before = doctor(home.toString());
    assertThat(before.exitCode()).isEqualTo(1);
    assertThat(check("problem", "given Flink home", before))
        .contains("not prepared")
        .contains("scripts/penstock prepare");
    assertThat(check("warning", "its JVM flags", before)).contains("jdk.incubator.vector");

    FrontDoor frontDoor = new FrontDoor(environment);
    frontDoor.penstock(LIMIT, "prepare", "--write-config", home.toString()).succeeded();
    Outcome prepared = doctor(home.toString());
    prepared.succeeded();
    check("ok", "given Flink home", prepared);
    check("ok", "its JVM flags", prepared);

    Path jar;
    try (var jars = Files.newDirectoryStream(home.resolve("lib"), "penstock-gpu-udf-*.jar")) {
      jar = jars.iterator().next();
    }
    Files.writeString(jar, "older");
    assertThat(check("problem", "given Flink home", doctor(home.toString())))
        .contains("another build")
        .contains(jar.getFileName().toString());
    assertThat(check("problem", "given Flink home", doctor(folder.toString())))
        .contains("is no Flink home");
  }

  /** A folder with links to every command on the PATH but some. */
  private Path toolsWithout(String... missing) throws Exception {
    Path tools = Files.createDirectory(folder.resolve("tools"));
    for (String part : System.getenv("PATH").split(File.pathSeparator, -1)) {
      Path from = Path.of(part);
      if (!Files.isDirectory(from)) {
        continue;
      }
      try (var commands = Files.newDirectoryStream(from)) {
        for (Path command : commands) {
          Path link = tools.resolve(command.getFileName());
          if (!List.of(missing).contains(command.getFileName().toString())
              && !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
            Files.createSymbolicLink(link, command.toAbsolutePath());
          }
        }
      }
    }
    return tools;
  }
}
