package io.penstock.job.bench;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Where a run stands, on stderr: a bar on a terminal, else a line for each step. Used by one
 * thread.
 */
final class Progress implements AutoCloseable {
  private static final int REFRESH_MILLIS = 500;

  private final PrintWriter err;
  private final int steps;
  private final ProgressBar bar;
  private int step;

  private Progress(PrintWriter err, int steps, ProgressBar bar) {
    this.err = err;
    this.steps = steps;
    this.bar = bar;
  }

  /**
   * @param err stderr
   * @param steps how often {@link #step} will be called
   * @return a bar where stderr is a terminal, as far as Java can tell, and lines elsewhere
   */
  static Progress of(PrintWriter err, int steps) {
    return onTerminal() ? new Progress(err, steps, bar(steps)) : new Progress(err, steps, null);
  }

  private static ProgressBar bar(int steps) {
    return new ProgressBarBuilder()
        .setTaskName("bench")
        .setInitialMax(steps)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REFRESH_MILLIS)
        .clearDisplayOnFinish()
        .build();
  }

  @SuppressWarnings("SystemConsoleNull") // null without a terminal on JDK 17, the one we build with
  private static boolean onTerminal() {
    return System.console() != null;
  }

  /**
   * @param what begins now
   */
  void step(String what) {
    if (bar == null) {
      err.println("[" + (step + 1) + "/" + steps + "] " + what);
      err.flush();
    } else {
      bar.stepTo(step);
      bar.setExtraMessage(what);
    }
    step++;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
