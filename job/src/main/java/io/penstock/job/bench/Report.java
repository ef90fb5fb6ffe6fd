package io.penstock.job.bench;

import io.penstock.job.PrefillOptions;
import io.penstock.job.PrefillPlan;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was measured, where and of what.
 *
 * @param about what was measured
 * @param machine where
 * @param lengths in the order asked for
 */
record Report(About about, Machine machine, List<LengthResult> lengths) {
  /**
   * What was measured.
   *
   * @param commit of the sources
   * @param date when the run ended
   * @param model name
   * @param options of the job that matter here, by name
   */
  record About(String commit, Instant date, String model, Map<String, String> options) {
    /**
     * @param commit of the sources
     * @param plan the job's
     * @return about a run that ends now
     */
    static About of(String commit, PrefillPlan plan) {
      PrefillOptions options = plan.options();
      Map<String, String> named = new TreeMap<>();
      named.put("pp-size", "" + plan.stages());
      named.put("replicas", "" + plan.replicas());
      named.put("chunked-prefill-size", "" + plan.head().maxBatchTokens());
      named.put("max-in-flight", "" + options.maxInFlight());
      named.put("backend", options.backend());
      named.put("cpu-threads", "" + options.cpuThreads());
      named.put("cpu-precision", options.cpuPrecision().toString());
      named.put("checkpoint-interval", options.checkpointInterval().toMillis() + "ms");
      Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      return new About(commit, now, plan.model().name(), named);
    }
  }

  /**
   * @return tables in Markdown, for people and for docs/performance.md
   */
  String table() {
    return new ReportTable(this).text();
  }

  /**
   * @return one JSON object on a line
   */
  String json() {
    return ReportJson.of(this) + System.lineSeparator();
  }
}
