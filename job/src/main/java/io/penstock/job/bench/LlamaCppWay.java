package io.penstock.job.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * llama.cpp in a process of its own, which takes a line and answers with a line (see {@code
 * scripts/bench/llama-cpp.mjs}). Prompts are prefilled one after the other, as it does it: all
 * tokens, and no token generated.
 */
final class LlamaCppWay implements Way {
  private static final long END_SECONDS = 10;

  /** Tokens on which all settings are tried. */
  private static final int TRIED_TOKENS = 2048;

  /** One way to run it. */
  private record Setting(int threads, boolean flashAttention, int batchTokens) {
    private String line() {
      return "open " + threads + " " + (flashAttention ? 1 : 0) + " " + batchTokens;
    }

    private String describe() {
      return "threads="
          + threads
          + " flash-attention="
          + (flashAttention ? "on" : "off")
          + " batch="
          + batchTokens;
    }
  }

  private final Peer peer;
  private final int contextTokens;
  private final Process process;
  private final BufferedWriter to;
  private final BufferedReader from;
  private Setting best;

  /**
   * @param peer which
   * @param command starts it
   * @param contextTokens longest prompt
   * @throws IOException if it does not start
   */
  LlamaCppWay(Peer peer, List<String> command, int contextTokens) throws IOException {
    this.peer = peer;
    this.contextTokens = contextTokens;
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    to =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    from =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  @Override
  public String name() {
    return peer.name();
  }

  @Override
  public boolean exact() {
    return false;
  }

  /**
   * Stays with the fastest of its settings: all are tried on the prompt's beginning, and where the
   * prompt is longer the best with flash attention and the best without on all of it.
   */
  @Override
  public void prepare(int[] prompt) throws IOException {
    int[] beginning = Arrays.copyOf(prompt, Math.min(prompt.length, TRIED_TOKENS));
    List<Setting> ranked = ranked(settings(prompt.length), beginning);
    if (beginning.length < prompt.length) {
      ranked = ranked(List.of(best(ranked, true), best(ranked, false)), prompt);
    }
    best = ranked.get(0);
    open(best);
  }

  private static Setting best(List<Setting> ranked, boolean flashAttention) {
    return ranked.stream()
        .filter(setting -> setting.flashAttention() == flashAttention)
        .findFirst()
        .orElseThrow();
  }

  /** The fastest first; each is given the prompt twice, and its better time counts. */
  private List<Setting> ranked(List<Setting> settings, int[] prompt) throws IOException {
    Map<Setting, Long> nanos = new HashMap<>();
    for (Setting setting : settings) {
      open(setting);
      nanos.put(setting, Math.min(time(prompt), time(prompt)));
    }
    return settings.stream().sorted(Comparator.comparing(nanos::get)).toList();
  }

  private static List<Setting> settings(int tokens) {
    int cores = Runtime.getRuntime().availableProcessors();
    List<Setting> settings = new ArrayList<>();
    for (int threads : cores == 1 ? List.of(1) : List.of(cores, 1)) {
      for (boolean flashAttention : new boolean[] {true, false}) {
        for (int batch : tokens > 512 ? List.of(512, 2048) : List.of(512)) {
          settings.add(new Setting(threads, flashAttention, batch));
        }
      }
    }
    return settings;
  }

  private long time(int[] prompt) throws IOException {
    long start = System.nanoTime();
    prefill(List.of(prompt));
    return System.nanoTime() - start;
  }

  private void open(Setting setting) throws IOException {
    call(setting.line() + " " + contextTokens);
  }

  @Override
  public String settings() {
    return best.describe();
  }

  /** First tokens are not asked for: it computes with other numbers. */
  @Override
  public int[] prefill(List<int[]> prompts) throws IOException {
    for (int[] prompt : prompts) {
      call(
          "prefill "
              + Arrays.stream(prompt).mapToObj(Integer::toString).collect(Collectors.joining(",")));
    }
    return new int[prompts.size()];
  }

  private void call(String line) throws IOException {
    to.write(line);
    to.write('\n');
    to.flush();
    String answer = from.readLine();
    if (!"ok".equals(answer)) {
      throw new IOException("llama.cpp ended or failed: peer=" + peer.name() + " answer=" + answer);
    }
  }

  @Override
  public Duration processorTime() {
    return ProcessorTime.of(List.of(process.pid()));
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
