package io.penstock.job.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory of a JVM beside this one.
 *
 * @param pid of its process
 */
record TaskManagerMemory(long pid) {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

  /**
   * @return bytes of the heap that are in use right after a full collection
   */
  long liveHeapBytes() {
    jcmd("GC.run");
    return 1024 * number(USED, jcmd("GC.heap_info"));
  }

  /**
   * @return bytes of memory that the process has
   */
  long residentBytes() {
    try {
      return 1024 * number(RESIDENT, Files.readString(Path.of("/proc", "" + pid, "status")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String jcmd(String command) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      Process process =
          new ProcessBuilder(jcmd, "" + pid, command).redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new AssertionError("no " + pattern + " in: " + text);
    }
    return Long.parseLong(matcher.group(1));
  }
}
