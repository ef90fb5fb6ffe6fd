package io.penstock.job;

/**
 * Main class of the job's jar: {@code flink run penstock-job.jar <options>}. Only looks whether the
 * classes that live in Flink's {@code lib/} are there, and so links to none of them itself.
 */
public final class PrefillJob {
  private static final String IN_LIB = "io.penstock.udf.stage.StageSpec";

  private PrefillJob() {}

  /**
   * @param args options, see {@code --help}
   * @throws Exception if the job cannot be submitted and this is no command line client
   */
  public static void main(String[] args) throws Exception {
    if (!present(IN_LIB)) {
      CommandLineExit.exit(
          "error: this Flink is not prepared for Penstock: class "
              + IN_LIB
              + " is not in its lib/ folder. Run: scripts/penstock prepare FLINK_HOME, on every"
              + " machine of the cluster, and restart the cluster.");
      return;
    }
    PrefillSubmission.submit(args);
  }

  private static boolean present(String className) {
    try {
      Class.forName(className, false, PrefillJob.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
