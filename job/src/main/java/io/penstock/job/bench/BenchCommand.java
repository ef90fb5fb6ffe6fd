package io.penstock.job.bench;

import picocli.CommandLine.Command;

/** {@code penstock bench}: what there is to measure. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures on this machine.",
    subcommands = {PrefillBench.class, DeleteTopics.class})
public final class BenchCommand {}
