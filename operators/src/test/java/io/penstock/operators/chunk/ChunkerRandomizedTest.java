package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.operators.chunk.Chunker.Answer;
import io.penstock.operators.chunk.Chunker.Cut;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.stage.Segment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Simulates the chunker and a stage behind it, and checks after each step what must always hold.
 * The stage computes the batches late, but in order, on a KV pool that remembers whose token is in
 * each place: a page handed out too early would show as a prompt that finds another's tokens.
 * Replay with {@code -Dpenstock.seed=}.
 */
final class ChunkerRandomizedTest {
  private static final int ROUNDS = 400;
  private static final int STEPS = 300;
  private static final long MINUTE = 60_000_000L;

  private final long seed = Long.getLong("penstock.seed", 20_261_124L);
  private final Random random = new Random(seed);

  @Test
  void whateverHappensNothingIsLostSharedOrOutOfTurn() {
    System.out.println("replay with -Dpenstock.seed=" + seed);
    for (int round = 0; round < ROUNDS; round++) {
      Simulation simulation = new Simulation();
      try {
        simulation.run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed=" + seed + " round=" + round + " " + simulation.limits, e);
      }
    }
  }

  /** Chooses anything that is allowed: the chunker must hold with every planner. */
  private final class AnyPlanner implements Planner {
    @Override
    public List<Choice> next(Work work) {
      List<Choice> batch = new ArrayList<>();
      int left = work.maxBatchTokens();
      List<Candidate> chosen = new ArrayList<>(work.open());
      Collections.shuffle(chosen, random);
      chosen = chosen.subList(0, random.nextInt(chosen.size() + 1));
      chosen.addAll(work.admissible().subList(0, random.nextInt(work.admissible().size() + 1)));
      if (chosen.isEmpty()) {
        chosen.add(work.open().isEmpty() ? work.admissible().get(0) : work.open().get(0));
      }
      for (Candidate prompt : chosen) {
        int most = Math.min(left, prompt.remainingTokens());
        boolean whole = most == prompt.remainingTokens() && random.nextBoolean();
        int wholePages = most / KvLayout.PAGE_TOKENS;
        int tokens =
            whole
                ? most
                : wholePages == 0 ? 0 : (1 + random.nextInt(wholePages)) * KvLayout.PAGE_TOKENS;
        if (tokens == 0 && most == prompt.remainingTokens()) {
          tokens = most;
        }
        if (tokens == 0) {
          break;
        }
        batch.add(new Choice(prompt, tokens));
        left -= tokens;
        if (left == 0) {
          break;
        }
      }
      return batch;
    }
  }

  private final class Simulation {
    private final Chunker.Limits limits =
        new Chunker.Limits(
            1 + random.nextInt(6),
            2 + random.nextInt(30),
            KvLayout.PAGE_TOKENS * (1 + random.nextInt(5)),
            Chunker.bytesOf(0, 0) * (1 + random.nextInt(20)));
    private final Chunker chunker =
        new Chunker(
            limits,
            random.nextBoolean() ? new FixedPlanner(limits.maxBatchTokens()) : new AnyPlanner());

    // What the chunker should hold, by id; both in order of arrival.
    private final Map<String, QueuedPrompt> waiting = new LinkedHashMap<>();
    private final Map<String, QueuedPrompt> open = new LinkedHashMap<>();
    private final Map<String, Long> remembered = new HashMap<>();
    private final ArrayDeque<Cut> inPipeline = new ArrayDeque<>();
    private final long[][] pool = new long[limits.kvPages()][KvLayout.PAGE_TOKENS];
    private final List<QueuedPrompt> ended = new ArrayList<>();
    private int added;
    private int cancelled;
    private long now = 5;
    private long arrivals;
    private long lastOpened = -1;
    private long nextSequence;

    private void run() {
      for (int step = 0; step < STEPS; step++) {
        now += random.nextInt(10) == 0 ? MINUTE / 3 : 1;
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> add();
          case 3 -> cancel();
          default -> cut();
        }
        if (random.nextInt(3) == 0) {
          compute();
        }
        checkCounts();
      }
      int most = 100_000;
      while (chunker.hasWork()) {
        assertThat(most--).as("it ends").isPositive();
        cut();
        checkCounts();
      }
      while (!inPipeline.isEmpty()) {
        compute();
      }
      assertThat(ended.size() + cancelled).as("every prompt ends").isEqualTo(added);
      assertThat(chunker.pagesUsed()).as("no page is leaked").isZero();
      assertThat(chunker.queuedBytes()).isZero();
      assertThat(open).isEmpty();
      assertThat(waiting).isEmpty();
    }

    private String anyId() {
      return "p" + random.nextInt(30);
    }

    private void add() {
      int tokens =
          1 + random.nextInt(random.nextBoolean() ? 40 : limits.kvPages() * KvLayout.PAGE_TOKENS);
      if (random.nextInt(20) == 0) {
        tokens = limits.kvPages() * KvLayout.PAGE_TOKENS + 1 + random.nextInt(9);
      }
      long labelBytes = random.nextInt(600);
      long queued =
          waiting.values().stream()
              .mapToLong(prompt -> Chunker.bytesOf(prompt.tokens(), prompt.labelBytes()))
              .sum();
      boolean room =
          waiting.isEmpty()
              || queued + Chunker.bytesOf(tokens, labelBytes) <= limits.maxQueuedBytes();
      assertThat(chunker.hasRoomFor(tokens, labelBytes)).isEqualTo(room);
      if (!room) {
        return;
      }
      String id = anyId();
      QueuedPrompt prompt = new QueuedPrompt(id, id, arrivals++, 0, tokens, labelBytes, now);
      Answer answer = chunker.add(prompt, now);
      Long cancelledAt = remembered.get(id);
      if (waiting.containsKey(id) || open.containsKey(id)) {
        assertThat(answer).isEqualTo(Answer.DUPLICATE);
      } else if (tokens > limits.kvPages() * KvLayout.PAGE_TOKENS) {
        assertThat(answer).isEqualTo(Answer.LONGER_THAN_POOL);
      } else if (cancelledAt != null && now - cancelledAt < MINUTE) {
        assertThat(answer).isEqualTo(Answer.CANCELLED);
        remembered.remove(id);
      } else {
        assertThat(answer).isEqualTo(Answer.QUEUED);
        waiting.put(id, prompt);
        added++;
      }
    }

    private void cancel() {
      String id = anyId();
      QueuedPrompt prompt = waiting.remove(id);
      if (prompt == null) {
        prompt = open.remove(id);
      }
      if (prompt == null) {
        assertThat(chunker.cancel(id, "no", now)).isEmpty();
        remembered.put(id, now);
      } else {
        assertThat(chunker.cancel(id, "no", now)).containsSame(prompt);
        cancelled++;
      }
    }

    private void cut() {
      boolean work = !waiting.isEmpty() || !open.isEmpty();
      assertThat(chunker.hasWork()).isEqualTo(work);
      Cut cut = chunker.nextBatch(now).orElse(null);
      assertThat(cut != null).as("something is cut whenever there is work").isEqualTo(work);
      if (cut == null) {
        return;
      }
      assertThat(cut.sequence()).isEqualTo(nextSequence++);
      int rows = 0;
      Set<Integer> pagesOfBatch = new HashSet<>();
      List<QueuedPrompt> gone = new ArrayList<>();
      for (int i = 0; i < cut.segments().size(); i++) {
        Segment segment = cut.segments().get(i);
        QueuedPrompt prompt = cut.prompts().get(i);
        rows += segment.tokens();
        checkSegment(segment, prompt);
        for (int page : segment.pageTable()) {
          assertThat(pagesOfBatch.add(page)).as("page of two prompts: %d", page).isTrue();
        }
        if (segment.last()) {
          gone.add(prompt);
        }
      }
      assertThat(rows).isBetween(1, limits.maxBatchTokens());
      checkLimits();
      for (QueuedPrompt prompt : gone) {
        open.remove(prompt.requestId());
        ended.add(prompt);
      }
      inPipeline.add(cut);
    }

    private void checkSegment(Segment segment, QueuedPrompt prompt) {
      if (!open.containsKey(segment.requestId())) {
        assertThat(waiting.keySet().iterator().next())
            .as("opened in turn")
            .isEqualTo(segment.requestId());
        assertThat(prompt.arrival()).isGreaterThan(lastOpened);
        lastOpened = prompt.arrival();
        assertThat(segment.prefixTokens()).isZero();
        waiting.remove(segment.requestId());
        open.put(segment.requestId(), prompt);
      }
      assertThat(open.get(segment.requestId())).isSameAs(prompt);
      int end = segment.prefixTokens() + segment.tokens();
      assertThat(segment.prefixTokens() % KvLayout.PAGE_TOKENS).isZero();
      assertThat(prompt.emittedTokens()).isEqualTo(end);
      assertThat(IntStream.of(prompt.chunkTokens()).sum()).isEqualTo(end);
      assertThat(segment.last()).isEqualTo(end == prompt.tokens());
      assertThat(segment.pageTable()).hasSize(KvLayout.pagesFor(end));
    }

    /** Before the prompts that end in the batch are gone: they hold their pages in it. */
    private void checkLimits() {
      assertThat(open.size()).isLessThanOrEqualTo(limits.maxOpenPrompts());
      int promised =
          open.values().stream().mapToInt(prompt -> KvLayout.pagesFor(prompt.tokens())).sum();
      assertThat(promised).isLessThanOrEqualTo(limits.kvPages());
    }

    private void checkCounts() {
      assertThat(chunker.queuedPrompts()).isEqualTo(waiting.size());
      assertThat(chunker.openPrompts()).isEqualTo(open.size());
      int used =
          open.values().stream()
              .mapToInt(prompt -> KvLayout.pagesFor(prompt.emittedTokens()))
              .sum();
      assertThat(chunker.pagesUsed()).isEqualTo(used);
    }

    /** The stage takes the next batch: all writes first, then each row looks at all before it. */
    private void compute() {
      Cut cut = inPipeline.poll();
      if (cut == null) {
        return;
      }
      for (int i = 0; i < cut.segments().size(); i++) {
        Segment segment = cut.segments().get(i);
        for (int t = 0; t < segment.tokens(); t++) {
          int position = segment.prefixTokens() + t;
          int page = segment.pageTable()[position / KvLayout.PAGE_TOKENS];
          pool[page][position % KvLayout.PAGE_TOKENS] = content(cut.prompts().get(i), position);
        }
      }
      for (int i = 0; i < cut.segments().size(); i++) {
        Segment segment = cut.segments().get(i);
        for (int position = 0; position < segment.prefixTokens() + segment.tokens(); position++) {
          int page = segment.pageTable()[position / KvLayout.PAGE_TOKENS];
          long found = pool[page][position % KvLayout.PAGE_TOKENS];
          if (found != content(cut.prompts().get(i), position)) {
            throw new AssertionError(
                "another prompt's token: requestId="
                    + segment.requestId()
                    + " position="
                    + position
                    + " page="
                    + page
                    + " sequence="
                    + cut.sequence());
          }
        }
      }
    }

    private long content(QueuedPrompt prompt, int position) {
      return (prompt.arrival() + 1) << 32 | position;
    }
  }
}
