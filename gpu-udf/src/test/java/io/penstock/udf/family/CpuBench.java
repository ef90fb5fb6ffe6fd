package io.penstock.udf.family;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.Backends;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.Models;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.Segment;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Prefill of random prompts by one bare stage with all layers, no Flink: tokens/s, time per
 * operation, and how far attention is from the rate that pure products of the model's shapes reach
 * in the same run. One thread is timed by its processor time, several by the clock. Arguments:
 * model path, precision, threads, tokens of a prompt, tokens of a chunk, prompts.
 *
 * <p>Attention's work is what causality asks for: a row at position p meets p + 1 keys, two
 * products of headDim each, 2 operations a term: 4·heads·headDim·(p + 1), in all layers but the
 * last, where only the prompt's last row attends. What is computed beyond that, on the diagonal,
 * and the softmax count as time, not as work.
 */
public final class CpuBench {
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
  private static final com.sun.management.ThreadMXBean ALLOCATIONS =
      (com.sun.management.ThreadMXBean) CLOCK;

  /** Enough for the compiler. */
  private static final int WARM_UP_TOKENS = 2048;

  private final int threads;
  private final Map<String, Long> nanosByOperation = new TreeMap<>();

  private CpuBench(int threads) {
    this.threads = threads;
  }

  /**
   * @param args see the class
   */
  public static void main(String[] args) throws IOException {
    String precision = args[1];
    int threads = Integer.parseInt(args[2]);
    int tokens = Integer.parseInt(args[3]);
    int chunk = Integer.parseInt(args[4]);
    int prompts = Integer.parseInt(args[5]);
    new CpuBench(threads).run(Path.of(args[0]), precision, tokens, chunk, prompts);
  }

  private void run(Path path, String precision, int tokens, int chunk, int prompts)
      throws IOException {
    try (Model model = Models.open(path)) {
      ModelConfig config = model.config();
      LayerRange range = new LayerRange(0, config.layers());
      Backend backend = timed(Backends.open("cpu", new BackendOptions(precision, threads)));
      WeightCache cache = new WeightCache();
      WeightCache.Lease lease =
          cache.lease(
              new WeightCache.Key("bench", range, precision),
              () -> StageWeights.pack(config, model.weights(), range, backend));
      int pages = KvLayout.pagesFor(tokens);
      try (LlamaStage stage = new LlamaStage(config, range, backend, lease, pages, chunk)) {
        System.out.println(backend.describe());
        for (int prompt = 0; prompt < 3; prompt++) {
          prefill(stage, config, Math.min(tokens, WARM_UP_TOKENS), chunk, prompt);
        }
        nanosByOperation.clear();
        long[] each = new long[prompts];
        long allocated = ALLOCATIONS.getThreadAllocatedBytes(Thread.currentThread().getId());
        long start = now();
        for (int prompt = 0; prompt < prompts; prompt++) {
          each[prompt] = prefill(stage, config, tokens, chunk, prompt);
        }
        long nanos = now() - start;
        allocated = ALLOCATIONS.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated;
        report(config, tokens, nanos, each);
        System.out.printf("  allocated on the heap: %d bytes/prompt%n", allocated / prompts);
        double attention = attention(config, tokens) * prompts / nanosByOperation.get("attention");
        double ceiling = ceiling(config, lease.weights(), backend, chunk);
        System.out.printf(
            "attention: %.0f GFLOP/s, %.0f %% of products alone%n",
            attention, 100 * attention / ceiling);
      }
      cache.closeIdle();
    }
  }

  private long prefill(LlamaStage stage, ModelConfig config, int tokens, int chunk, int seed) {
    long start = now();
    Random random = new Random(seed);
    int[] pages = new int[KvLayout.pagesFor(tokens)];
    Arrays.setAll(pages, page -> page);
    for (int first = 0; first < tokens; first += chunk) {
      int count = Math.min(chunk, tokens - first);
      int[] ids = random.ints(count, 0, config.vocabSize()).toArray();
      boolean last = first + count == tokens;
      Segment segment = new Segment("bench", first, count, pages, last);
      stage.run(new ChunkBatch(first / chunk, List.of(segment), ids), null, null);
    }
    return now() - start;
  }

  /** The thread's own processor time where it is the only one: machines are seldom idle. */
  private long now() {
    return threads == 1 ? CLOCK.getCurrentThreadCpuTime() : System.nanoTime();
  }

  /** Operations of a prompt's attention, see the class. */
  private static double attention(ModelConfig config, int tokens) {
    double keys = tokens * (tokens + 1.0) / 2 * (config.layers() - 1) + tokens;
    return 4.0 * config.heads() * config.headDim() * keys;
  }

  private void report(ModelConfig config, int tokens, long nanos, long[] each) {
    Arrays.sort(each);
    double all = (double) tokens * each.length;
    System.out.printf(
        "%s: %d prompts of %d tokens: %.0f tokens/s; a prompt: median %.0f, %.0f to %.0f%n",
        config.name(),
        each.length,
        tokens,
        all / nanos * 1e9,
        tokens * 1e9 / each[each.length / 2],
        tokens * 1e9 / each[each.length - 1],
        tokens * 1e9 / each[0]);
    long timed = 0;
    for (Map.Entry<String, Long> entry : nanosByOperation.entrySet()) {
      timed += entry.getValue();
      System.out.printf(
          "  %-16s %8.1f us/token %5.1f %%%n",
          entry.getKey(), entry.getValue() / all / 1000, 100.0 * entry.getValue() / nanos);
    }
    System.out.printf("  %-16s %8.1f us/token%n", "rest", (nanos - timed) / all / 1000);
  }

  /**
   * Products of all layers, one chunk, nothing between them.
   *
   * @return GFLOP/s
   */
  private double ceiling(ModelConfig config, StageWeights weights, Backend backend, int chunk) {
    int queries = config.heads() * config.headDim();
    int kv = config.kvHeads() * config.headDim();
    try (Backend.Matrix hidden = backend.matrix(Backend.Role.OPERAND, chunk, config.hiddenSize());
        Backend.Matrix attended = backend.matrix(Backend.Role.OPERAND, chunk, queries);
        Backend.Matrix inner =
            backend.matrix(Backend.Role.OPERAND, chunk, config.intermediateSize());
        Backend.Matrix qkv = backend.matrix(Backend.Role.PRODUCT, chunk, queries + 2 * kv);
        Backend.Matrix out = backend.matrix(Backend.Role.PRODUCT, chunk, config.hiddenSize());
        Backend.Matrix gateUp =
            backend.matrix(Backend.Role.PRODUCT, chunk, 2 * config.intermediateSize())) {
      long best = Long.MAX_VALUE;
      double flops = 0;
      for (int round = 0; round < 5; round++) {
        long start = now();
        flops = 0;
        for (StageWeights.Layer layer : weights.layers()) {
          flops += product(backend, layer.qkv(), hidden, chunk, qkv);
          flops += product(backend, layer.output(), attended, chunk, out);
          flops += product(backend, layer.gateUp(), hidden, chunk, gateUp);
          flops += product(backend, layer.down(), inner, chunk, out);
        }
        best = Math.min(best, now() - start);
      }
      System.out.printf(
          "products alone: %.0f GFLOP/s, %.0f tokens/s%n", flops / best, chunk * 1e9 / best);
      return flops / best;
    }
  }

  private static double product(
      Backend backend, Backend.Linear weight, Backend.Matrix in, int rows, Backend.Matrix out) {
    backend.linear(weight, in, rows, out);
    return 2.0 * rows * weight.inFeatures() * weight.outFeatures();
  }

  /** The same backend, its calls timed by name. */
  private Backend timed(Backend backend) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, args) -> {
              long start = now();
              try {
                return method.invoke(backend, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              } finally {
                nanosByOperation.merge(method.getName(), now() - start, Long::sum);
              }
            });
  }
}
