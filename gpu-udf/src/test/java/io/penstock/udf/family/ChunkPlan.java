package io.penstock.udf.family;

import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * How prompts are cut and who keeps whom company.
 *
 * @param chunkTokens most tokens of a segment
 * @param perBatch most segments of a batch
 * @param random orders prompts and pages; a new one for each plan
 */
record ChunkPlan(int chunkTokens, int perBatch, Random random) {

  /**
   * @param prompts token ids; the request id of each is its index
   * @param kvPages pages to take page tables from, in any order
   * @return batches for all prompts
   */
  List<Pipeline.Batch> batches(List<int[]> prompts, int kvPages) {
    int[][] tables = pageTables(prompts, kvPages);
    int[] done = new int[prompts.size()];
    List<Pipeline.Batch> batches = new ArrayList<>();
    List<Integer> open = shuffled(prompts.size());
    while (!open.isEmpty()) {
      Collections.shuffle(open, random);
      List<Segment> segments = new ArrayList<>();
      int[] tokenIds = new int[0];
      for (int prompt : List.copyOf(open.subList(0, Math.min(perBatch, open.size())))) {
        int[] ids = prompts.get(prompt);
        int tokens = Math.min(chunkTokens, ids.length - done[prompt]);
        boolean last = done[prompt] + tokens == ids.length;
        segments.add(new Segment("" + prompt, done[prompt], tokens, tables[prompt], last));
        tokenIds = Arrays.copyOf(tokenIds, tokenIds.length + tokens);
        System.arraycopy(ids, done[prompt], tokenIds, tokenIds.length - tokens, tokens);
        done[prompt] += tokens;
        if (last) {
          open.remove(Integer.valueOf(prompt));
        }
      }
      batches.add(new Pipeline.Batch(segments, tokenIds));
    }
    return batches;
  }

  private int[][] pageTables(List<int[]> prompts, int kvPages) {
    List<Integer> free = shuffled(kvPages);
    int[][] tables = new int[prompts.size()][];
    for (int prompt = 0; prompt < tables.length; prompt++) {
      List<Integer> table = free.subList(0, KvLayout.pagesFor(prompts.get(prompt).length));
      tables[prompt] = table.stream().mapToInt(page -> page).toArray();
      table.clear();
    }
    return tables;
  }

  private List<Integer> shuffled(int count) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, random);
    return numbers;
  }
}
