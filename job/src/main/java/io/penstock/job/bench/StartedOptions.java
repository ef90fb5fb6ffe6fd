package io.penstock.job.bench;

import io.penstock.job.PrefillPlan;
import io.penstock.job.RefusedException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * What {@code scripts/penstock} tells of the things it has started or knows; not for people. Filled
 * by picocli.
 */
final class StartedOptions {
  @Option(names = "--plan-only", hidden = true)
  private boolean planOnly;

  @Option(names = "--commit", hidden = true, defaultValue = "unknown")
  private String commit;

  @Option(names = "--bootstrap-servers", hidden = true)
  private String bootstrapServers;

  @Option(names = "--topics", hidden = true)
  private String topics;

  @Option(names = "--pids", hidden = true, split = ",")
  private List<Long> pids;

  @Option(names = "--peer-program", hidden = true)
  private String peerProgram;

  @Option(names = "--peer-models", hidden = true)
  private Path peerModels;

  /**
   * @return whether to say what is needed, and end
   */
  boolean planOnly() {
    return planOnly;
  }

  /**
   * @return where the running job reads and writes
   * @throws RefusedException if there is no cluster
   */
  JobTopics topics() throws RefusedException {
    if (bootstrapServers == null || topics == null || pids == null) {
      throw new RefusedException(
          "--through=cluster needs a cluster: call it as scripts/penstock bench prefill, or leave it"
              + " out: --through=bare,local");
    }
    return JobTopics.of(bootstrapServers, topics);
  }

  /**
   * @return the cluster's processes
   */
  List<Long> pids() {
    return pids;
  }

  /**
   * @param peer which
   * @return how it is started
   * @throws RefusedException if it is not there
   */
  List<String> peerCommand(Peer peer) throws RefusedException {
    if (peerProgram == null || peerModels == null) {
      throw new RefusedException(
          "--peer needs llama.cpp: call it as scripts/penstock bench prefill");
    }
    String model = peerModels.resolve(peer.format() + ".gguf").toString();
    return List.of("node", peerProgram, model);
  }

  /**
   * @param plan the job's
   * @return what is measured
   */
  Report.About about(PrefillPlan plan) {
    return Report.About.of(commit, plan);
  }
}
