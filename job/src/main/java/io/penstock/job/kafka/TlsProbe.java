package io.penstock.job.kafka;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import org.apache.kafka.common.utils.Utils;

/**
 * Whether a broker wants TLS, asked without it. Kafka's clients take a TLS alert for the length of
 * a message of 352 MB, and end for want of memory or wait in vain.
 */
final class TlsProbe {
  private static final int PATIENCE_MILLIS = 4_000;
  private static final int ATTEMPTS = 3;

  /** First byte of a TLS record that holds an alert; a message of Kafka begins with a length. */
  private static final int ALERT = 0x15;

  private static final short API_VERSIONS = 18;

  private TlsProbe() {}

  /**
   * @param bootstrapServers {@code --bootstrap-servers}
   * @return address of the first broker that answers, if what it answers is TLS; else null
   */
  static String firstThatWantsTls(String bootstrapServers) {
    for (String address : bootstrapServers.split(",", -1)) {
      Integer first = firstByte(address.strip());
      if (first != null) {
        return first == ALERT ? address.strip() : null;
      }
    }
    return null;
  }

  /**
   * Asks until there is an answer: a broker under load may close the connection before its alert is
   * read. What cannot be reached, or says nothing, is null: the client itself will tell.
   */
  private static Integer firstByte(String address) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        int first = ask(address);
        if (first >= 0) {
          return first;
        }
      } catch (SocketException e) {
        // Refused or reset: asked again at once.
      } catch (IOException | IllegalArgumentException e) { // the latter: 99999 is no port
        return null;
      }
    }
    return null;
  }

  /** Sends the request that every Kafka connection begins with; -1 if nothing comes back. */
  private static int ask(String address) throws IOException {
    String host = Utils.getHost(address);
    Integer port = Utils.getPort(address);
    if (host == null || port == null) {
      throw new IOException("no address: " + address);
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(10); // bytes that follow
      out.writeShort(API_VERSIONS);
      out.writeShort(0); // its version
      out.writeInt(0); // correlation id
      out.writeShort(-1); // no client id
      return socket.getInputStream().read();
    }
  }
}
