package io.penstock.job;

/**
 * How a submission that went wrong ends. In {@code flink run} the process exits non-zero, without a
 * stack trace. Where the main method runs inside a server (web UI, application mode), which must
 * not be ended from here, it throws.
 */
final class CommandLineExit {
  private static final String CLIENT = "org.apache.flink.client.cli.CliFrontend";

  private CommandLineExit() {}

  /**
   * @param message for the person; goes to stderr
   */
  static void exit(String message) {
    System.err.println(message);
    exit(1, message);
  }

  /**
   * @param code exit code, not 0
   * @param message what was wrong; has been shown already
   */
  static void exit(int code, String message) {
    boolean client =
        StackWalker.getInstance()
            .walk(frames -> frames.anyMatch(frame -> frame.getClassName().equals(CLIENT)));
    if (client) {
      System.err.flush();
      System.exit(code);
    }
    throw new IllegalStateException(message);
  }
}
