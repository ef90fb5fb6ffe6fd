package io.penstock.job.system;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The TCP sockets on which a process listens, as Linux tells them below {@code /proc}. */
final class ListeningSockets {
  private static final String LISTEN = "0A";

  /** As the kernel writes 127.0.0.1, ::ffff:127.0.0.1 and ::1. */
  private static final Set<String> LOOPBACK =
      Set.of("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000");

  private ListeningSockets() {}

  /**
   * @return addresses of the process's listening sockets, hexadecimal as {@code ADDRESS:PORT}
   */
  static Set<String> of(long pid) throws IOException {
    Set<String> sockets = sockets(pid);
    Set<String> addresses = new TreeSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      for (String line : Files.readAllLines(Path.of("/proc", "" + pid, "net", table))) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields[3].equals(LISTEN) && sockets.contains("socket:[" + fields[9] + "]")) {
          addresses.add(fields[1]);
        }
      }
    }
    return addresses;
  }

  /**
   * @param address as {@link #of} gives it
   * @return whether only this machine reaches it
   */
  static boolean loopback(String address) {
    return LOOPBACK.contains(address.substring(0, address.indexOf(':')));
  }

  private static Set<String> sockets(long pid) throws IOException {
    Set<String> sockets = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc", "" + pid, "fd"))) {
      for (Path file : files) {
        try {
          sockets.add(Files.readSymbolicLink(file).toString());
        } catch (NoSuchFileException e) {
          // closed meanwhile: it listens no more
        }
      }
    }
    return sockets;
  }
}
