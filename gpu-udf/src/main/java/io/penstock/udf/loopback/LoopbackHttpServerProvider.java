package io.penstock.udf.loopback;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import com.sun.net.httpserver.spi.HttpServerProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The JDK's HTTP server, with every wildcard address replaced by loopback. Flink's Prometheus
 * reporter stands on that server and takes a port but no address, so that its figures would
 * otherwise be open to the network. Switched on with {@code
 * -Dcom.sun.net.httpserver.HttpServerProvider=io.penstock.udf.loopback.LoopbackHttpServerProvider
 * --add-exports jdk.httpserver/sun.net.httpserver=ALL-UNNAMED}; without the second flag the server
 * does not start.
 */
public final class LoopbackHttpServerProvider extends HttpServerProvider {
  private static final String JDK_PROVIDER = "sun.net.httpserver.DefaultHttpServerProvider";

  private final HttpServerProvider jdk;

  /**
   * Called by {@link HttpServerProvider#provider()}.
   *
   * @throws ReflectiveOperationException if the JDK's own provider cannot be reached
   */
  public LoopbackHttpServerProvider() throws ReflectiveOperationException {
    this.jdk =
        Class.forName(JDK_PROVIDER)
            .asSubclass(HttpServerProvider.class)
            .getConstructor()
            .newInstance();
  }

  @Override
  public HttpServer createHttpServer(InetSocketAddress address, int backlog) throws IOException {
    return jdk.createHttpServer(onLoopback(address), backlog);
  }

  @Override
  public HttpsServer createHttpsServer(InetSocketAddress address, int backlog) throws IOException {
    return jdk.createHttpsServer(onLoopback(address), backlog);
  }

  private static InetSocketAddress onLoopback(InetSocketAddress address) {
    return address != null
            && address.getAddress() != null
            && address.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort())
        : address;
  }
}
