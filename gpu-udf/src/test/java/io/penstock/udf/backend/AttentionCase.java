package io.penstock.udf.backend;

import io.penstock.udf.backend.Backend.Matrix;
import io.penstock.udf.backend.Backend.Role;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.ModelConfig;
import io.penstock.udf.model.RopeConfig;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Some prompts' queries, keys and values, random; to be rotated, stored and attended chunk by chunk
 * in whatever plan. Every page holds NaN before, as if left there by somebody else: a prompt must
 * read nothing that it did not write.
 */
final class AttentionCase {
  private static final int SPARE_ROWS = 2;

  private final int heads;
  private final int window;
  private final KvLayout shape;
  private final int layer;
  private final RopeConfig rope;
  private final int cols;

  /** Rows of each prompt. */
  private final List<float[]> prompts = new ArrayList<>();

  /**
   * @param random decides on everything
   * @param prompts how many
   * @param maxTokens of a prompt
   * @param deviation of queries and keys; scores have its square
   */
  AttentionCase(RandomInputs random, int prompts, int maxTokens, double deviation) {
    // With 24 query heads to a KV head, blocks of keys are a page on the cpu backend.
    int group = random.oneOf(24, random.between(1, 8), random.between(1, 8));
    int kvHeads = group > 8 ? 1 : random.between(1, 3);
    int headDim = random.oneOf(16, 32, 64, 80, 96, 128);
    int layers = random.between(1, 3);
    this.heads = group * kvHeads;
    this.window =
        random.oneOf(
            ModelConfig.FULL_ATTENTION, 1, 63, 64, 65, random.between(2, 200), maxTokens + 1);
    this.shape = new KvLayout(layers, kvHeads, headDim, 0);
    this.layer = random.between(0, layers - 1);
    this.rope = new RopeConfig(random.oneOf(10_000, 500_000), Optional.empty());
    this.cols = (heads + 2 * kvHeads) * headDim;
    for (int i = 0; i < prompts; i++) {
      int tokens = random.oneOf(1, 63, 64, 65, random.between(1, maxTokens));
      this.prompts.add(random.values(tokens * cols, deviation));
    }
  }

  private int tokens(int prompt) {
    return prompts.get(prompt).length / cols;
  }

  /**
   * Cuts the prompts into chunks of whole pages, but for their last, and puts them into batches.
   *
   * @param random decides
   * @param only the prompt to run alone, or -1 for all
   * @return batches; request ids are the prompts' numbers
   */
  List<List<Segment>> plan(RandomInputs random, int only) {
    int pages = 0;
    for (int prompt = 0; prompt < prompts.size(); prompt++) {
      pages += KvLayout.pagesFor(tokens(prompt));
    }
    int[] ids = random.permutation(pages + 1); // the last page of the pool stays NaN
    List<int[]> tables = new ArrayList<>();
    int taken = 0;
    for (int prompt = 0; prompt < prompts.size(); prompt++) {
      int count = KvLayout.pagesFor(tokens(prompt));
      tables.add(Arrays.copyOfRange(ids, taken, taken + count));
      taken += count;
    }
    List<List<Segment>> batches = new ArrayList<>();
    int[] done = new int[prompts.size()];
    while (true) {
      List<Segment> batch = new ArrayList<>();
      boolean left = false;
      for (int prompt : random.permutation(prompts.size())) {
        int open = only >= 0 && prompt != only ? 0 : tokens(prompt) - done[prompt];
        left |= open > 0;
        if (open == 0 || (only < 0 && random.coin())) {
          continue;
        }
        int tokens = Math.min(open, random.between(1, 3) * KvLayout.PAGE_TOKENS);
        batch.add(
            new Segment("" + prompt, done[prompt], tokens, tables.get(prompt), tokens == open));
        done[prompt] += tokens;
      }
      if (!left) {
        return batches;
      }
      if (!batch.isEmpty()) {
        batches.add(batch);
      }
    }
  }

  /**
   * Runs a plan.
   *
   * @return for each prompt that is in the plan, each of its rows: rotated queries, then what
   *     attention gives; then what it gives to the prompt's last token computed on its own
   */
  float[][] run(Side side, List<List<Segment>> plan) {
    int queries = heads * shape.headDim();
    float[][] results = new float[prompts.size()][0];
    Backend backend = side.backend();
    KvLayout layout =
        new KvLayout(shape.layers(), shape.kvHeads(), shape.headDim(), backend.kvElementBytes());
    int pages = 2;
    int positions = 1;
    for (int prompt = 0; prompt < prompts.size(); prompt++) {
      pages += KvLayout.pagesFor(tokens(prompt));
      positions = Math.max(positions, tokens(prompt));
    }
    Backend.KvPool pool = side.own(backend.kvPool(layout, pages));
    poison(side, pool, pages);
    Backend.RopeTable table =
        side.own(backend.ropeTable(rope.inverseFrequencies(shape.headDim()), positions));
    for (List<Segment> batch : plan) {
      int rows = batch.stream().mapToInt(Segment::tokens).sum();
      Matrix qkv = side.matrix(Role.PRODUCT, rows + SPARE_ROWS, cols, rowsOf(batch, rows));
      Matrix out = side.matrix(Role.OPERAND, rows + SPARE_ROWS, queries);
      backend.ropeAndStore(qkv, batch, heads, table, pool, layer);
      backend.attention(qkv, withoutWhatNobodySees(batch, pages), heads, window, pool, layer, out);
      float[] rotated = side.read(qkv, rows);
      float[] attended = side.read(out, rows);
      float[] last = lastRows(side, batch, pages, qkv, pool, out);
      int row = 0;
      int lastRow = 0;
      for (Segment segment : batch) {
        int prompt = Integer.parseInt(segment.requestId());
        float[] result = results[prompt];
        for (int i = 0; i < segment.tokens(); i++, row++) {
          result = append(result, rotated, row * cols, queries);
          result = append(result, attended, row * queries, queries);
        }
        if (segment.last()) {
          result = append(result, last, lastRow++ * queries, queries);
        }
        results[prompt] = result;
      }
    }
    return results;
  }

  /** Attention of nothing but the last token of each prompt that ends in the batch. */
  private float[] lastRows(
      Side side, List<Segment> batch, int pages, Matrix qkv, Backend.KvPool pool, Matrix out) {
    int[] rows = new int[batch.size()];
    List<Segment> segments = new ArrayList<>();
    int end = 0;
    for (Segment segment : batch) {
      end += segment.tokens();
      if (segment.last()) {
        int prefix = segment.prefixTokens() + segment.tokens() - 1;
        rows[segments.size()] = end - 1;
        segments.add(new Segment(segment.requestId(), prefix, 1, segment.pageTable(), true));
      }
    }
    if (segments.isEmpty()) {
      return new float[0];
    }
    side.backend().gather(qkv, Arrays.copyOf(rows, segments.size()));
    List<Segment> seen = withoutWhatNobodySees(segments, pages);
    side.backend().attention(qkv, seen, heads, window, pool, layer, out);
    return side.read(out, segments.size());
  }

  /** In place of pages that no position of a segment's first page sees, one that holds NaN. */
  private List<Segment> withoutWhatNobodySees(List<Segment> batch, int pages) {
    List<Segment> segments = new ArrayList<>();
    for (Segment segment : batch) {
      int[] table = segment.pageTable().clone();
      int page = KvLayout.PAGE_TOKENS;
      int start = segment.prefixTokens() / page * page;
      Arrays.fill(table, 0, Math.max(0, start - window + 1) / page, pages - 1);
      segments.add(
          new Segment(
              segment.requestId(),
              segment.prefixTokens(),
              segment.tokens(),
              table,
              segment.last()));
    }
    return segments;
  }

  private float[] rowsOf(List<Segment> batch, int rows) {
    float[] values = new float[rows * cols];
    int to = 0;
    for (Segment segment : batch) {
      float[] prompt = prompts.get(Integer.parseInt(segment.requestId()));
      int count = segment.tokens() * cols;
      System.arraycopy(prompt, segment.prefixTokens() * cols, values, to, count);
      to += count;
    }
    return values;
  }

  /** NaN in every page of every layer. */
  private void poison(Side side, Backend.KvPool pool, int pages) {
    int[] table = new int[pages];
    Arrays.setAll(table, page -> page);
    int tokens = pages * KvLayout.PAGE_TOKENS;
    Backend.RopeTable rotation =
        side.own(side.backend().ropeTable(new float[shape.headDim() / 2], tokens));
    Matrix nothing = side.matrix(Role.PRODUCT, tokens, cols);
    List<Segment> everything = List.of(new Segment("before", 0, tokens, table, false));
    for (int each = 0; each < shape.layers(); each++) {
      side.backend().ropeAndStore(nothing, everything, heads, rotation, pool, each);
    }
  }

  private static float[] append(float[] to, float[] from, int offset, int count) {
    float[] longer = Arrays.copyOf(to, to.length + count);
    System.arraycopy(from, offset, longer, to.length, count);
    return longer;
  }

  @Override
  public String toString() {
    return "heads="
        + heads
        + " window="
        + window
        + " shape="
        + shape
        + " layer="
        + layer
        + " prompts="
        + prompts.size();
  }
}
