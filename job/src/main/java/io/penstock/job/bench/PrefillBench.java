package io.penstock.job.bench;

import io.penstock.job.PrefillOptions;
import io.penstock.job.PrefillPlan;
import io.penstock.job.RefusedException;
import io.penstock.udf.family.Stages;
import io.penstock.udf.stage.StageOpener;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/**
 * {@code penstock bench prefill}: throughput and time to first token, warm, through the bare
 * stages, through the job in one process and through a cluster, beside llama.cpp. The front door
 * starts what is outside this process and says where it is, by options that are not for people.
 */
@Command(
    name = "prefill",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    defaultValueProvider = PrefillBench.TwoStages.class,
    description = {
      "Measures prefill, warm and back to back: tokens/s, time to first token of a prompt alone, and"
          + " processor time a token, for each prompt length and each way. The ways take turns, round by"
          + " round; the table shows medians and ranges, and what Flink, Kafka and the wire cost.",
      "'cluster' takes the Kafka and Flink that run, or starts them and stops them afterwards."
    })
final class PrefillBench implements Callable<Integer> {
  /** Two stages unless told otherwise: the smallest pipeline. */
  static final class TwoStages implements IDefaultValueProvider {
    @Override
    public String defaultValue(ArgSpec argument) {
      boolean stages =
          argument instanceof OptionSpec option && option.longestName().equals("--pp-size");
      return stages ? "2" : null;
    }
  }

  @Mixin private BenchOptions bench;
  @Mixin private PrefillOptions job;
  @Mixin private StartedOptions started;
  @Spec private CommandSpec spec;

  private final StageOpener opener;

  /** Opens stages of real models. */
  PrefillBench() {
    this(new Stages());
  }

  PrefillBench(StageOpener opener) {
    this.opener = opener;
  }

  @Override
  public Integer call() throws Exception {
    job.check();
    bench.check(spec.commandLine());
    PrefillPlan plan = PrefillPlan.resolve(job);
    bench.checkFit(plan);
    if (started.planOnly()) {
      Needs.of(bench, plan, spec).print(out());
      return 0;
    }
    Report report = measure(plan);
    out().print(bench.json() ? report.json() : report.table());
    out().flush();
    return 0;
  }

  private Report measure(PrefillPlan plan) throws Exception {
    int names = bench.through().size() + bench.peers().size();
    int steps = bench.tokens().size() * Rounds.steps(names, bench.rounds());
    err().println(plan.describe());
    try (Opened opened = new Opened(new ArrayList<>());
        Progress progress = Progress.of(err(), steps)) {
      open(opened.ways(), plan);
      Rounds rounds = new Rounds(opened.ways(), bench.rounds(), progress);
      List<LengthResult> results = new ArrayList<>();
      for (int tokens : bench.tokens()) {
        results.add(rounds.measure(tokens, bench.prompts(tokens), plan.model().vocabSize()));
      }
      return new Report(started.about(plan), Machine.here(), results);
    }
  }

  /** Closes all that were opened, also where one of them fails to end. */
  private record Opened(List<Way> ways) implements AutoCloseable {
    @Override
    public void close() {
      RuntimeException failure = null;
      for (Way way : ways) {
        try {
          way.close();
        } catch (RuntimeException e) {
          if (failure == null) {
            failure = e;
          } else {
            failure.addSuppressed(e);
          }
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  private void open(List<Way> ways, PrefillPlan plan) throws Exception {
    for (Through through : bench.through()) {
      ways.add(
          switch (through) {
            case BARE -> new BareWay(plan, opener);
            case LOCAL -> new LocalWay(plan, opener);
            case CLUSTER -> new ClusterWay(started.topics(), started.pids());
          });
    }
    for (Peer peer : bench.peers()) {
      ways.add(peer(peer, plan));
    }
  }

  private Way peer(Peer peer, PrefillPlan plan) throws RefusedException {
    try {
      return new LlamaCppWay(peer, started.peerCommand(peer), plan.model().contextTokens());
    } catch (IOException e) {
      throw new RefusedException("cannot start llama.cpp: " + e.getMessage(), e);
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
