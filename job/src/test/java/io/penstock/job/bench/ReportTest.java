package io.penstock.job.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.bench.LengthResult.WayResult;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Machine MACHINE =
      new Machine("Some CPU", 2, List.of("avx2", "avx512f"), 8L << 30, "17.0.1");

  private static Report report() {
    WayResult bare = way("bare", "", sample(2000, 10), sample(1000, 12), sample(1000, 11));
    WayResult cluster = way("cluster", "", sample(1900, 11), sample(970, 12), sample(950, 11));
    WayResult peer =
        way("llama.cpp q4_0", "threads=2", sample(500, 40), sample(500, 41), sample(500, 42));
    return new Report(
        new Report.About("abc", Instant.EPOCH, "tiny", Map.of("pp-size", "2")),
        MACHINE,
        List.of(new LengthResult(2000, 4, List.of(bare, cluster, peer))));
  }

  private static WayResult way(String name, String settings, Sample... samples) {
    return new WayResult(name, settings, List.of(samples));
  }

  private static Sample sample(double tokensPerSecond, double processorMicros) {
    return new Sample(tokensPerSecond, 100, processorMicros);
  }

  @Test
  void theTableShowsMediansRangesRatiosAndCost() {
    assertThat(report().table())
        .contains("| commit | abc |")
        .contains("| processor | Some CPU, 2 cores |")
        .contains("| memory | 8.0 GiB |")
        .contains(
            "| 2000 | 4 | cluster | 970 (950–1900) | 100 | 11 | 0.950 (0.950–0.970) |"
                + " 1.940 (1.900–3.800) |")
        .contains("| cluster | 2000 | 3 | 5.0 % | +0.0 % |")
        .contains("Few: take --rounds=7 or more")
        .contains("llama.cpp q4_0 at 2000 tokens: threads=2")
        .doesNotContain("| llama.cpp q4_0 | 2000 | 3 |");
  }

  @Test
  void theJsonHasEverySampleAndWhatIsDerivedFromThem() {
    String json = report().json();
    assertThat(json.strip()).startsWith("{\"commit\":\"abc\",").endsWith("}");
    assertThat(json.lines()).hasSize(1);
    assertThat(json)
        .contains("\"options\":{\"pp-size\":\"2\"}")
        .contains("\"instruction_sets\":[\"avx2\",\"avx512f\"],\"memory_bytes\":8589934592")
        .contains("{\"tokens\":2000,\"prompts\":4,\"ways\":[{\"way\":\"bare\"")
        .contains("\"tokens_per_second\":{\"median\":970.0,\"min\":950.0,\"max\":1900.0}")
        .contains("\"bare\":{\"median\":0.95,\"min\":0.95,\"max\":0.97}")
        .contains("\"settings\":\"threads=2\"")
        .contains(
            "{\"tokens_per_second\":1900.0,\"ttft_ms\":100.0,\"processor_us_per_token\":11.0}");
  }

  @Test
  void theMachineIsReadFromTheProcessorTable() {
    List<String> cpuInfo =
        List.of(
            "model name\t: AMD EPYC",
            "cpu family\t: 25",
            "model\t\t: 17",
            "flags\t\t: fpu avx2 amx_int8");
    assertThat(Machine.processor(cpuInfo)).isEqualTo("AMD EPYC, family 25, model 17");
    assertThat(Machine.instructionSets(cpuInfo)).containsExactly("avx2", "amx_int8");
    assertThat(Machine.processor(List.of())).contains("unknown");
  }
}
