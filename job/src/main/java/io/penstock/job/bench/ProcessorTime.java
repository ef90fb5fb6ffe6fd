package io.penstock.job.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;

/**
 * Processor time of processes, all their threads together: what other processes do is not in it.
 */
final class ProcessorTime {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private ProcessorTime() {}

  /**
   * @return of this process since it started
   */
  static Duration ofThisProcess() {
    return Duration.ofNanos(SYSTEM.getProcessCpuTime());
  }

  /**
   * @param pids running processes of this machine and user
   * @return their sum since they started, in steps of 10 ms
   * @throws IllegalStateException if one has ended
   */
  static Duration of(List<Long> pids) {
    Duration sum = Duration.ZERO;
    for (long pid : pids) {
      sum =
          sum.plus(
              ProcessHandle.of(pid)
                  .flatMap(process -> process.info().totalCpuDuration())
                  .orElseThrow(() -> new IllegalStateException("a process has ended: pid=" + pid)));
    }
    return sum;
  }
}
