package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.chunk.Chunker.Answer;
import io.penstock.operators.chunk.Chunker.Cut;
import io.penstock.operators.chunk.Planner.Choice;
import io.penstock.udf.stage.Segment;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ChunkerTest {
  private static final long MINUTE = 60_000_000L;

  private long arrivals;
  private long labelBytes;
  private long now = 1_000;
  private Chunker chunker = chunker(8, 100, 128, new FixedPlanner(128));

  private static Chunker chunker(int maxOpen, int pages, int rows, Planner planner) {
    return new Chunker(new Chunker.Limits(maxOpen, pages, rows, 1 << 20), planner);
  }

  private QueuedPrompt prompt(String id, int tokens) {
    return new QueuedPrompt(id, "key-" + id, arrivals++, 7, tokens, labelBytes, now);
  }

  private Answer add(String id, int tokens) {
    return chunker.add(prompt(id, tokens), now);
  }

  private String next() {
    return chunker
        .nextBatch(now)
        .map(
            cut ->
                cut.segments().stream()
                    .map(
                        s ->
                            s.requestId()
                                + ":"
                                + s.prefixTokens()
                                + "+"
                                + s.tokens()
                                + (s.last() ? "!" : ""))
                    .collect(Collectors.joining(" ")))
        .orElse("");
  }

  @Test
  void cutsInOrderOfArrival() {
    add("a", 100);
    add("b", 200);
    add("c", 5);
    assertThat(next()).isEqualTo("a:0+100!");
    assertThat(next()).isEqualTo("b:0+128");
    assertThat(next()).isEqualTo("b:128+72! c:0+5!");
    assertThat(next()).isEmpty();
    assertThat(chunker.hasWork()).isFalse();
    assertThat(chunker.pagesUsed()).isZero();
  }

  @Test
  void segmentsCarryTheirPagesAndBatchesTheirNumber() {
    add("a", 200);
    Cut first = chunker.nextBatch(now).orElseThrow();
    Cut second = chunker.nextBatch(now + 5).orElseThrow();
    assertThat(first.sequence()).isZero();
    assertThat(second.sequence()).isEqualTo(1);
    int[] early = first.segments().get(0).pageTable();
    int[] late = second.segments().get(0).pageTable();
    assertThat(early).hasSize(2);
    assertThat(late).hasSize(4).startsWith(early).doesNotHaveDuplicates();
    QueuedPrompt prompt = second.prompts().get(0);
    assertThat(prompt.chunkTokens()).containsExactly(128, 72);
    assertThat(prompt.firstDispatchMicros()).isEqualTo(now);
  }

  @Test
  void pagesOfAFinishedPromptServeTheNextButNotInTheSameBatch() {
    chunker = chunker(8, 2, 128, new FixedPlanner(128));
    add("a", 64);
    add("b", 64);
    add("c", 128);
    List<Segment> both = chunker.nextBatch(now).orElseThrow().segments();
    assertThat(both).extracting(Segment::requestId).containsExactly("a", "b");
    assertThat(both.get(0).pageTable()).isNotEqualTo(both.get(1).pageTable());
    assertThat(next()).isEqualTo("c:0+128!");
  }

  @Test
  void aLargePromptThatDoesNotFitYetHoldsUpThoseBehind() {
    chunker = chunker(8, 4, 128, new FixedPlanner(64));
    add("a", 65);
    add("large", 256);
    add("small", 1);
    assertThat(next()).isEqualTo("a:0+64");
    assertThat(next()).isEqualTo("a:64+1!");
    assertThat(next()).isEqualTo("large:0+64");
    assertThat(chunker.queuedPrompts()).isEqualTo(1);
    assertThat(chunker.openPrompts()).isEqualTo(1);
  }

  @Test
  void noMoreAreOpenThanAllowed() {
    chunker = chunker(2, 100, 128, new FixedPlanner(128));
    add("a", 1);
    add("b", 1);
    add("c", 1);
    assertThat(next()).isEqualTo("a:0+1! b:0+1!");
    assertThat(next()).isEqualTo("c:0+1!");
  }

  @Test
  void refusesIdsThatAreQueuedOrOpenAndPromptsLongerThanThePool() {
    add("a", 200);
    assertThat(add("a", 1)).isEqualTo(Answer.DUPLICATE);
    next();
    assertThat(chunker.openPrompts()).isEqualTo(1);
    assertThat(add("a", 1)).isEqualTo(Answer.DUPLICATE);
    next();
    assertThat(add("a", 1)).isEqualTo(Answer.QUEUED);
    assertThat(add("b", 6400)).isEqualTo(Answer.QUEUED);
    assertThat(add("c", 6401)).isEqualTo(Answer.LONGER_THAN_POOL);
  }

  @Test
  void cancelsWaitingAndOpenPrompts() {
    add("a", 200);
    add("b", 200);
    next();
    assertThat(chunker.pagesUsed()).isEqualTo(2);
    QueuedPrompt open = chunker.cancel("a", "why", now).orElseThrow();
    assertThat(open.cancelReason()).isEqualTo("why");
    assertThat(open.chunkTokens()).containsExactly(128);
    assertThat(chunker.pagesUsed()).isZero();
    assertThat(chunker.cancel("b", null, now).orElseThrow().firstDispatchMicros()).isZero();
    assertThat(chunker.hasWork()).isFalse();
    assertThat(chunker.queuedBytes()).isZero();
    assertThat(next()).isEmpty();
    assertThat(add("a", 1)).isEqualTo(Answer.QUEUED);
  }

  @Test
  void aCancelWaitsAMinuteForItsPrompt() {
    assertThat(chunker.cancel("a", "early", now)).isEmpty();
    assertThat(chunker.cancel("b", null, now)).isEmpty();
    now += MINUTE - 1;
    QueuedPrompt late = prompt("a", 9);
    assertThat(chunker.add(late, now)).isEqualTo(Answer.CANCELLED);
    assertThat(late.cancelReason()).isEqualTo("early");
    assertThat(chunker.hasWork()).isFalse();
    assertThat(add("a", 9)).as("applied once").isEqualTo(Answer.QUEUED);
    now++;
    assertThat(add("b", 9)).as("forgotten").isEqualTo(Answer.QUEUED);
  }

  @Test
  void remembersABoundedNumberOfCancels() {
    CancelMemory memory = new CancelMemory();
    for (int i = 0; i <= CancelMemory.MOST; i++) {
      memory.remember("r" + i, null, i);
    }
    assertThat(memory.size()).isEqualTo(CancelMemory.MOST);
    assertThat(memory.take("r0", 1)).isEmpty();
    assertThat(memory.take("r1", 1)).isPresent();
  }

  @Test
  void labelsCountInTheQueuesBytes() {
    long most = Chunker.bytesOf(100, 30_000) + Chunker.bytesOf(1, 5);
    chunker = new Chunker(new Chunker.Limits(8, 100, 128, most), new FixedPlanner(128));
    labelBytes = 30_000;
    add("a", 100);
    assertThat(chunker.queuedBytes()).isEqualTo(30_912);
    assertThat(chunker.hasRoomFor(1, 5)).isTrue();
    assertThat(chunker.hasRoomFor(1, 6)).isFalse();
    next();
    assertThat(chunker.queuedBytes()).isZero();
  }

  @Test
  void theQueueIsBoundedInBytesButLetsOneInWhenEmpty() {
    long most = 2 * Chunker.bytesOf(100, 0);
    chunker = new Chunker(new Chunker.Limits(8, 100, 128, most), new FixedPlanner(128));
    assertThat(chunker.hasRoomFor(5000, 0)).isTrue();
    add("a", 100);
    assertThat(chunker.hasRoomFor(101, 0)).isFalse();
    assertThat(chunker.hasRoomFor(100, 0)).isTrue();
    add("b", 100);
    assertThat(chunker.queuedBytes()).isEqualTo(most);
    assertThat(chunker.hasRoomFor(1, 0)).isFalse();
    next();
    assertThat(chunker.hasRoomFor(1, 0)).isTrue();
  }

  @Test
  void refusesAPlannerThatBreaksTheRules() {
    refused(work -> List.of(), "chose nothing");
    refused(work -> List.of(new Choice(work.admissible().get(0), 0)), "tokens=0");
    refused(work -> List.of(new Choice(work.admissible().get(0), 65)), "tokens=65");
    refused(work -> List.of(new Choice(work.admissible().get(0), 192)), "tokensLeftInBatch=128");
    refused(work -> List.of(new Choice(work.admissible().get(1), 64)), "out of turn");
    refused(
        work ->
            List.of(
                new Choice(work.admissible().get(0), 64), new Choice(work.admissible().get(0), 64)),
        "chosenTwice=true");
    refused(work -> List.of(new Choice(prompt("stranger", 64), 64)), "out of turn");
  }

  private void refused(Planner planner, String message) {
    chunker = chunker(8, 100, 128, planner);
    add("a", 1000);
    add("b", 1000);
    assertThatThrownBy(() -> chunker.nextBatch(now))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }
}
