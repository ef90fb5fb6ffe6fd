package io.penstock.job.cli;

import io.penstock.job.Commands;
import io.penstock.job.bench.BenchCommand;
import io.penstock.job.local.LocalCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line tools that run in a JVM of their own, with Flink's jars on the class path. */
@Command(
    name = "penstock",
    mixinStandardHelpOptions = true,
    description = "Long-context prefill on Apache Flink.",
    subcommands = {
      LocalCommand.class,
      TokenizeCommand.class,
      Ask.class,
      CancelCommand.class,
      BenchCommand.class
    })
public final class Main {
  private Main() {}

  /**
   * @param args a subcommand and its options
   */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /**
   * @return the command line, with a subcommand for each tool
   */
  public static CommandLine commandLine() {
    return Commands.of(new Main());
  }
}
