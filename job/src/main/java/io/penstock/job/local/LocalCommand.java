package io.penstock.job.local;

import io.penstock.job.PrefillOptions;
import io.penstock.job.PrefillPlan;
import io.penstock.job.PrefillRuntime;
import io.penstock.job.PrefillTopology;
import io.penstock.job.RefusedException;
import io.penstock.udf.family.Stages;
import io.penstock.udf.stage.StageOpener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code penstock local}: the job's graph in this process, from a JSONL file to a JSONL file. No
 * checkpoints and no restarts: what fails is run again by hand.
 */
@Command(
    name = "local",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = {
      "Runs the job's graph inside this process: prompts from a file, answers to a file.",
      "The input has one prompt object a line; blank lines are errors, but for those at the end."
          + " The output gets one line for each, as they complete: a result, or {request_id, line,"
          + " error}. Exit code 0 when every line was answered, either way."
    })
public final class LocalCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(LocalCommand.class);
  private static final long PROGRESS_MILLIS = 1_000;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "FILE",
      description = "JSONL file with one prompt a line.")
  private Path input;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FILE",
      description = "File for the answers; an existing one is replaced.")
  private Path output;

  @Mixin private PrefillOptions options;
  @Spec private CommandSpec spec;

  private final StageOpener opener;

  /** Opens stages of real models. */
  public LocalCommand() {
    this(new Stages());
  }

  LocalCommand(StageOpener opener) {
    this.opener = opener;
  }

  @Override
  public Integer call() throws Exception {
    options.check();
    long lines = countLines();
    PrefillPlan plan = PrefillPlan.resolve(options);
    String name = "local-" + UUID.randomUUID();
    try (AnswerFile answers = openOutput(name)) {
      Thread onExit = new Thread(() -> reportStop(answers, lines), "report-stop");
      Runtime.getRuntime().addShutdownHook(onExit);
      try {
        run(plan, new LocalEdges(input.toAbsolutePath(), lines, name), answers, lines);
      } finally {
        forget(onExit);
      }
      return 0;
    }
  }

  private static void forget(Thread onExit) {
    try {
      Runtime.getRuntime().removeShutdownHook(onExit);
    } catch (IllegalStateException e) {
      LOG.debug("the process is ending already", e);
    }
  }

  private long countLines() throws RefusedException {
    try {
      if (Files.isDirectory(input)) {
        throw new IOException("is a directory");
      }
      return PromptLines.count(input);
    } catch (IOException e) {
      throw new RefusedException("cannot read --input=" + input + ": " + reason(e), e);
    }
  }

  private AnswerFile openOutput(String name) throws RefusedException {
    try {
      if (Files.exists(output) && Files.isSameFile(input, output)) {
        throw new IOException("is the input");
      }
      return AnswerFile.open(name, output);
    } catch (IOException e) {
      throw new RefusedException("cannot write --output=" + output + ": " + reason(e), e);
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("IOException", "it") + " " + e.getMessage();
  }

  private void run(PrefillPlan plan, LocalEdges edges, AnswerFile answers, long lines)
      throws Exception {
    long start = System.nanoTime();
    if (lines > 0) {
      StreamExecutionEnvironment environment = LocalCluster.environment(plan);
      PrefillRuntime.require(environment);
      PrefillTopology.build(environment, plan, edges, opener);
      err().println(plan.describe());
      await(environment.executeAsync(plan.jobName()), answers, lines);
    }
    AnswerFile.Count count = answers.count();
    if (count.lines() != lines) {
      throw new RefusedException(
          "not every line was answered: lines=" + lines + " answered=" + count.lines());
    }
    summary(count, (System.nanoTime() - start) / 1e9);
  }

  @SuppressWarnings("SystemConsoleNull") // null without a terminal on JDK 17, the one we build with
  private static boolean onTerminal() {
    return System.console() != null;
  }

  private void await(JobClient job, AnswerFile answers, long lines) throws Exception {
    CompletableFuture<JobExecutionResult> end = job.getJobExecutionResult();
    boolean terminal = onTerminal();
    while (true) {
      try {
        end.get(PROGRESS_MILLIS, TimeUnit.MILLISECONDS);
        break;
      } catch (TimeoutException e) {
        if (terminal) {
          AnswerFile.Count count = answers.count();
          err().printf("\r%d of %d prompts, %d tokens ", count.lines(), lines, count.tokens());
          err().flush();
        }
      } catch (ExecutionException e) {
        throw failure(e.getCause());
      }
    }
    if (terminal) {
      err().print("\r");
    }
  }

  /** The deepest cause says what happened; what Flink wraps around it says where. */
  private static Exception failure(Throwable failed) {
    LOG.info("the job failed", failed);
    Throwable deepest = ExceptionUtils.stripException(failed, ExecutionException.class);
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return new RefusedException("the job failed: " + deepest, failed);
  }

  private void summary(AnswerFile.Count count, double wholeSeconds) {
    err()
        .println(
            String.format(
                Locale.ROOT,
                "%d prompts answered, %d lines refused; %d tokens in %.2f s, %.0f tokens/s;"
                    + " with start and end %.1f s",
                count.results(),
                count.errors(),
                count.tokens(),
                count.seconds(),
                count.seconds() > 0 ? count.tokens() / count.seconds() : 0,
                wholeSeconds));
  }

  private static void reportStop(AnswerFile answers, long lines) {
    System.err.println("\nstopped: lines=" + lines + " answered=" + answers.count().lines());
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
