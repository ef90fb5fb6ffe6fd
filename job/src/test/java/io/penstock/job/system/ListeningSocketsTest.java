package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class ListeningSocketsTest {

  private static String address(ServerSocket socket) throws Exception {
    String port = String.format(":%04X", socket.getLocalPort());
    return ListeningSockets.of(ProcessHandle.current().pid()).stream()
        .filter(address -> address.endsWith(port))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void tellsLoopbackFromTheRest() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(address(socket)).matches(ListeningSockets::loopback);
    }
    assertThat(ListeningSockets.loopback("00000000:1F91")).isFalse();
    assertThat(ListeningSockets.loopback("00000000000000000000000000000000:1F91")).isFalse();
    assertThat(ListeningSockets.loopback("0101A8C0:1F91")).isFalse();
  }
}
