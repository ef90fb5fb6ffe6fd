package io.penstock.job.bench;

import io.penstock.job.PrefillPlan;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * What the front door has to start, a line each: {@code cluster STAGES}, {@code peer FORMAT},
 * {@code model PATH}, and {@code job OPTION=VALUE} for each option that is the job's own.
 *
 * @param lines these lines
 */
record Needs(List<String> lines) {
  /**
   * @param bench checked
   * @param plan the job's
   * @param spec with the parsed command line
   * @return what is needed
   */
  static Needs of(BenchOptions bench, PrefillPlan plan, CommandSpec spec) {
    List<String> lines = new ArrayList<>();
    if (bench.through().contains(Through.CLUSTER)) {
      lines.add("cluster " + plan.stageSlots());
    }
    bench.peers().forEach(peer -> lines.add("peer " + peer.format()));
    lines.add("model " + plan.modelPath());
    lines.add("job --pp-size=" + plan.stages());
    ParseResult parsed = spec.commandLine().getParseResult();
    Set<String> theJobs = new TreeSet<>();
    spec.mixins().get("job").options().forEach(option -> theJobs.add(option.longestName()));
    for (OptionSpec option : parsed.matchedOptions()) {
      String name = option.longestName();
      if (theJobs.contains(name) && !name.equals("--pp-size") && !name.equals("--model-path")) {
        option.originalStringValues().forEach(value -> lines.add("job " + name + "=" + value));
      }
    }
    return new Needs(List.copyOf(lines));
  }

  /**
   * @param out takes the lines
   */
  void print(PrintWriter out) {
    lines.forEach(out::println);
    out.flush();
  }
}
