package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A Kafka broker and a Flink cluster of their own, as processes, through {@code scripts/penstock}:
 * in a folder below {@code target/} and on free ports, so that it runs beside a user's. The folder
 * stays for its logs. Ends with the JVM at the latest.
 */
final class SystemCluster implements AutoCloseable {
  private static final List<String> PORTS =
      List.of(
          "PENSTOCK_REST_PORT",
          "PENSTOCK_JOBMANAGER_PORT",
          "PENSTOCK_BLOB_PORT",
          "PENSTOCK_KAFKA_PORT",
          "PENSTOCK_KAFKA_CONTROLLER_PORT");
  private static final Duration UP = Duration.ofSeconds(150);
  private static final Duration JOB = Duration.ofMinutes(3);
  private static final Duration DOWN = Duration.ofSeconds(90);
  private static final Duration GONE = Duration.ofSeconds(30);
  private static final Pattern SAVEPOINT = Pattern.compile("Savepoint completed\\. Path: (\\S+)");

  private static final Pattern COMPLETED = Pattern.compile("\"completed\":[1-9]");

  private final Map<String, String> environment = new HashMap<>();
  private final FrontDoor frontDoor;
  private final Set<Long> pids = new LinkedHashSet<>();
  private final Thread hook = new Thread(this::down, "system-cluster-down");
  private final Path home;

  /**
   * @param name of the folder below {@code target/system-test}
   */
  SystemCluster(String name) throws IOException {
    home = Path.of("target", "system-test", name).toAbsolutePath();
    environment.put("PENSTOCK_HOME", home.toString());
    environment.put("PENSTOCK_METRICS_PORTS", "0");
    List<Integer> free = freePorts(PORTS.size());
    for (int i = 0; i < PORTS.size(); i++) {
      environment.put(PORTS.get(i), "" + free.get(i));
    }
    frontDoor = new FrontDoor(environment);
    down(); // what an earlier run was killed over
    deleteTree(home);
    Files.createDirectories(home);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * @return where Kafka listens
   */
  String bootstrapServers() {
    return "127.0.0.1:" + environment.get("PENSTOCK_KAFKA_PORT");
  }

  /**
   * @return address of Flink's web UI and REST API
   */
  String webUi() {
    return "http://127.0.0.1:" + environment.get("PENSTOCK_REST_PORT");
  }

  /** Starts what is missing, with as many TaskManagers. */
  void up(int taskManagers) throws IOException {
    frontDoor.penstock(UP, "up", "--taskmanagers", "" + taskManagers).succeeded();
    for (String name : processes()) {
      pids.add(pid(name));
    }
  }

  /**
   * @return id of the job, all of whose tasks run
   */
  String submit(List<String> options) throws IOException {
    List<String> command = new ArrayList<>(List.of("submit"));
    command.addAll(options);
    return frontDoor.penstock(JOB, command.toArray(String[]::new)).succeeded().strip();
  }

  /**
   * @return addresses on which the processes listen, {@code name ADDRESS:PORT}, that others than
   *     this machine reach
   * @throws AssertionError if a process listens nowhere
   */
  List<String> reachedFromOutside() throws IOException {
    List<String> open = new ArrayList<>();
    for (String name : processes()) {
      Set<String> addresses = ListeningSockets.of(pid(name));
      assertThat(addresses).as("where %s listens", name).isNotEmpty();
      addresses.stream()
          .filter(address -> !ListeningSockets.loopback(address))
          .forEach(address -> open.add(name + " " + address));
    }
    return open;
  }

  /** Waits until the job has completed a checkpoint. */
  void awaitCheckpoint(String job, Duration limit) {
    URI uri =
        URI.create(
            "http://127.0.0.1:%s/jobs/%s/checkpoints"
                .formatted(environment.get("PENSTOCK_REST_PORT"), job));
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    Awaitility.await("a completed checkpoint")
        .atMost(limit)
        .until(
            () -> http.send(request, HttpResponse.BodyHandlers.ofString()).body(),
            body -> COMPLETED.matcher(body).find());
  }

  /**
   * Kills a process as a machine's death would; returns when it is gone, so that {@link #up} does
   * not take it for one that runs.
   */
  void kill(String name) throws IOException {
    long pid = pid(name);
    assertThat(ProcessHandle.of(pid)).as("%s, pid %d", name, pid).isPresent();
    assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
    Awaitility.await(name + " is gone").atMost(GONE).until(() -> !runs(pid));
  }

  /**
   * Runs {@code flink stop}.
   *
   * @return the savepoint
   */
  String stopWithSavepoint(String job) throws IOException {
    String flink = home.resolve("flink/bin/flink").toString();
    Matcher path = SAVEPOINT.matcher(frontDoor.run(JOB, List.of(flink, "stop", job)).succeeded());
    assertThat(path.find()).as("flink stop tells the savepoint").isTrue();
    return path.group(1);
  }

  /** Stops everything; fails if a process that was ever started here is still there. */
  @Override
  public void close() throws IOException {
    frontDoor.penstock(DOWN, "down").succeeded();
    Runtime.getRuntime().removeShutdownHook(hook);
    assertThat(pids).as("pids seen").isNotEmpty().noneMatch(SystemCluster::runs);
  }

  private void down() {
    if (Files.isDirectory(home.resolve("run"))) {
      try {
        frontDoor.penstock(DOWN, "down").succeeded();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private List<String> processes() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("run"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".pid"))
          .map(name -> name.substring(0, name.length() - ".pid".length()))
          .sorted()
          .toList();
    }
  }

  /** Process of that name; pid and start time stand in its file. */
  long pid(String name) throws IOException {
    String line = Files.readString(home.resolve("run").resolve(name + ".pid"));
    return Long.parseLong(line.substring(0, line.indexOf(' ')));
  }

  /** A process that ended and that nobody waited for still has a pid, but does not run. */
  private static boolean runs(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", "" + pid, "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
