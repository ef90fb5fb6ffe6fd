package io.penstock.job.bench;

import io.penstock.job.bench.LengthResult.WayResult;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A report as Markdown. Used once. */
final class ReportTable {
  private static final String BARE = "bare";

  /** Fewer pairs than this say little about a few percent. */
  private static final int PAIRS_FOR_A_COST = 7;

  private final Report report;
  private final List<String> peers;
  private final StringBuilder text = new StringBuilder();

  /**
   * @param report what to show
   */
  ReportTable(Report report) {
    this.report = report;
    this.peers =
        report.lengths().stream()
            .flatMap(length -> length.ways().stream())
            .map(WayResult::name)
            .filter(name -> name.startsWith(Peer.NAME))
            .distinct()
            .toList();
  }

  /**
   * @return the tables, and what they were taken on
   */
  String text() {
    about();
    ways();
    if (report.lengths().stream().anyMatch(this::hasCost)) {
      cost();
    }
    settings();
    return text.toString();
  }

  private void about() {
    Machine machine = report.machine();
    line("| | |");
    line("| --- | --- |");
    row("commit", report.about().commit());
    row("date", report.about().date().toString());
    row("processor", machine.processor() + ", " + machine.cores() + " cores");
    row("instruction sets", String.join(" ", machine.instructionSets()));
    row("memory", format("%.1f GiB", machine.memoryBytes() / (double) (1 << 30)));
    row("JDK", machine.java());
    row("model", report.about().model());
    row("options", options(report.about().options()));
    line("");
  }

  private static String options(Map<String, String> options) {
    return options.entrySet().stream()
        .map(option -> option.getKey() + "=" + option.getValue())
        .collect(Collectors.joining(" "));
  }

  private void ways() {
    StringBuilder head =
        new StringBuilder("| tokens | prompts | way | tokens/s (range) | TTFT ms | CPU µs/token |");
    StringBuilder rule = new StringBuilder("| ---: | ---: | --- | ---: | ---: | ---: |");
    head.append(" × bare |");
    rule.append(" ---: |");
    for (String peer : peers) {
      head.append(" × ").append(peer).append(" |");
      rule.append(" ---: |");
    }
    line(head.toString());
    line(rule.toString());
    for (LengthResult length : report.lengths()) {
      for (WayResult way : length.ways()) {
        way(length, way);
      }
    }
    line("");
  }

  private void way(LengthResult length, WayResult way) {
    Spread speed = way.spread(Sample::tokensPerSecond);
    StringBuilder row =
        new StringBuilder(
            format(
                "| %d | %d | %s | %.0f (%.0f–%.0f) | %.0f | %.0f |",
                length.tokens(),
                length.prompts(),
                way.name(),
                speed.median(),
                speed.min(),
                speed.max(),
                way.spread(Sample::ttftMillis).median(),
                way.spread(Sample::processorMicrosPerToken).median()));
    row.append(ratio(length.ratio(way, BARE)));
    for (String peer : peers) {
      row.append(ratio(length.ratio(way, peer)));
    }
    line(row.toString());
  }

  private static String ratio(Optional<Spread> ratio) {
    return ratio
        .map(spread -> format(" %.3f (%.3f–%.3f) |", spread.median(), spread.min(), spread.max()))
        .orElse(" |");
  }

  private boolean hasCost(LengthResult length) {
    return length.ways().stream().anyMatch(way -> ours(way) && length.ratio(way, BARE).isPresent());
  }

  private static boolean ours(WayResult way) {
    return !way.name().startsWith(Peer.NAME);
  }

  private void cost() {
    line("| cost over the bare stages | tokens | pairs | tokens/s | processor time a token |");
    line("| --- | ---: | ---: | ---: | ---: |");
    int fewest = Integer.MAX_VALUE;
    for (LengthResult length : report.lengths()) {
      for (WayResult way : length.ways()) {
        Optional<Spread> speed = length.ratio(way, BARE);
        Optional<Spread> processor = length.processorRatio(way, BARE);
        if (ours(way) && speed.isPresent() && processor.isPresent()) {
          fewest = Math.min(fewest, way.samples().size());
          line(
              format(
                  "| %s | %d | %d | %.1f %% | %+.1f %% |",
                  way.name(),
                  length.tokens(),
                  way.samples().size(),
                  100 * (1 - speed.get().median()),
                  100 * (processor.get().median() - 1)));
        }
      }
    }
    if (fewest < PAIRS_FOR_A_COST) {
      line("");
      line(
          "Cost: 1 − the median of "
              + fewest
              + " ratios of neighbouring rounds. Few: take --rounds="
              + PAIRS_FOR_A_COST
              + " or more before believing a few percent.");
    }
  }

  private void settings() {
    for (LengthResult length : report.lengths()) {
      for (WayResult way : length.ways()) {
        if (!way.settings().isEmpty()) {
          line("");
          line(way.name() + " at " + length.tokens() + " tokens: " + way.settings());
        }
      }
    }
  }

  private void row(String name, String value) {
    line("| " + name + " | " + value + " |");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
