package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.stage.StageResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Any mix of calls keeps order and bound. Replay with {@code -Dpenstock.seed=}. */
@Timeout(60)
final class StageWindowRandomizedTest {
  private final long seed = Long.getLong("penstock.seed", 20_261_124L);
  private final Random random = new Random(seed);
  private final MailboxExecutorImpl mailbox =
      new MailboxExecutorImpl(
          new TaskMailboxImpl(Thread.currentThread()), 0, StreamTaskActionExecutor.IMMEDIATE);
  private final FakeStage stage = new FakeStage(1, 3);
  private final List<Integer> out = new ArrayList<>();

  @RepeatedTest(50)
  void whatGoesInComesOutInOrder() throws Exception {
    System.out.println("replay with -Dpenstock.seed=" + seed);
    int maxInFlight = 1 + random.nextInt(4);
    StageWindow<Integer> window =
        new StageWindow<>(
            1,
            stage.open(maxInFlight),
            mailbox,
            maxInFlight,
            new StageWindow.Output<>() {
              @Override
              public void batch(Integer context, StageResult result) {
                out.add(context);
              }

              @Override
              public void passed(Integer context) {
                out.add(context);
              }
            });
    stage.free();
    int in = 0;
    long sequence = 0;
    boolean drained = random.nextBoolean();
    try {
      for (int step = 0; step < 200; step++) {
        switch (random.nextInt(6)) {
          case 0, 1 -> {
            window.awaitRoom();
            window.submit(
                Frames.header(sequence++, "p", 2, false).chunkBatch(),
                stage.inputs().take(2),
                in++);
          }
          case 2 -> window.pass(in++);
          case 3, 4 -> mailbox.tryYield();
          default -> {
            if (random.nextInt(10) == 0) {
              window.drain();
              assertThat(out).as("seed=%d", seed).hasSize(in);
            }
          }
        }
        assertThat(window.inFlight()).isBetween(0, maxInFlight);
        assertThat(stage.inputs().inUse()).isEqualTo(window.inFlight());
      }
      if (drained) {
        window.drain();
        assertThat(out).as("seed=%d", seed).hasSize(in);
      }
    } finally {
      window.close();
    }
    for (int i = 0; i < out.size(); i++) {
      assertThat(out.get(i)).as("seed=%d", seed).isEqualTo(i);
    }
    stage.assertNothingLeft();
  }
}
