package io.penstock.job.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the numbers were taken on.
 *
 * @param processor its name
 * @param cores that this process may use
 * @param instructionSets of those that count for the kernels, what the processor has
 * @param memoryBytes main memory
 * @param java version of the JDK
 */
record Machine(
    String processor, int cores, List<String> instructionSets, long memoryBytes, String java) {
  private static final List<String> COUNT =
      List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8");

  /**
   * @return this machine
   * @throws IOException if Linux does not tell
   */
  static Machine here() throws IOException {
    List<String> cpuInfo = Files.readAllLines(Path.of("/proc/cpuinfo"));
    return new Machine(
        processor(cpuInfo),
        Runtime.getRuntime().availableProcessors(),
        instructionSets(cpuInfo),
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize(),
        Runtime.version().toString());
  }

  /** Name, family and model: a virtual machine often tells no more than the maker's name. */
  static String processor(List<String> cpuInfo) {
    return field(cpuInfo, "model name")
        + ", family "
        + field(cpuInfo, "cpu family")
        + ", model "
        + field(cpuInfo, "model");
  }

  static List<String> instructionSets(List<String> cpuInfo) {
    Set<String> flags = new HashSet<>(Arrays.asList(field(cpuInfo, "flags").split(" ")));
    List<String> found = new ArrayList<>(COUNT);
    found.retainAll(flags);
    return List.copyOf(found);
  }

  private static String field(List<String> cpuInfo, String name) {
    return cpuInfo.stream()
        .filter(line -> line.matches(name + "\\s*:.*"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }
}
