package io.penstock.udf.loopback;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LoopbackHttpServerProviderTest {

  /** Opens a server as the Prometheus reporter does and prints where it listens. */
  static final class Server {
    public static void main(String[] args) throws IOException {
      var server =
          com.sun.net.httpserver.HttpServer.create(
              new java.net.InetSocketAddress(0), /* backlog */ 3);
      System.out.println(server.getAddress().getAddress().getHostAddress());
      server.stop(0);
    }
  }

  @Test
  void listensOnLoopbackWhenAskedForEveryAddress() throws Exception {
    assertThat(addressOfServer(LoopbackHttpServerProvider.class.getName())).isEqualTo("127.0.0.1");
  }

  @Test
  void theJdkAloneListensEverywhere() throws Exception {
    assertThat(addressOfServer("")).isNotEqualTo("127.0.0.1");
  }

  /** The provider is chosen once in a JVM, so each case takes one of its own. */
  private static String addressOfServer(String provider) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.net.preferIPv4Stack=true",
                "-Dcom.sun.net.httpserver.HttpServerProvider=" + provider,
                "--add-exports",
                "jdk.httpserver/sun.net.httpserver=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Server.class.getName())
            .redirectErrorStream(true)
            .start();
    try (var output = process.getInputStream()) {
      String printed = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(30, SECONDS)).isTrue();
      return printed.strip();
    } finally {
      process.destroyForcibly();
    }
  }
}
