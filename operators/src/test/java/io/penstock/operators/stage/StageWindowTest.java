package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ChunkBatch;
import io.penstock.udf.stage.StageResult;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class StageWindowTest {
  private final TaskMailboxImpl mails = new TaskMailboxImpl(Thread.currentThread());
  private final MailboxExecutorImpl mailbox =
      new MailboxExecutorImpl(mails, 0, StreamTaskActionExecutor.IMMEDIATE);
  private final FakeStage stage = new FakeStage(1, 3);
  private final List<String> out = new ArrayList<>();
  private Runnable onRoom = () -> {};
  private RuntimeException outputFails;
  private StageWindow<String> window = window(2);

  private StageWindow<String> window(int maxInFlight) {
    return new StageWindow<>(
        1,
        stage.open(maxInFlight),
        mailbox,
        maxInFlight,
        new StageWindow.Output<>() {
          @Override
          public void batch(String context, StageResult result) {
            if (outputFails != null) {
              throw outputFails;
            }
            out.add(context + result.batch().sequence());
          }

          @Override
          public void passed(String context) {
            out.add(context);
          }

          @Override
          public void room() {
            onRoom.run();
          }
        });
  }

  @AfterEach
  void nothingIsLeft() {
    stage.freeOnceClosing();
    window.close();
    window.close();
    stage.assertNothingLeft();
  }

  private void submit(long sequence) {
    ChunkBatch batch = Frames.header(sequence, "p", 3, false).chunkBatch();
    Activations in = stage.inputs().take(3);
    window.submit(batch, in, "batch ");
  }

  @Test
  void batchesLeaveInOrderAndOnlyOnTheMailboxThread() throws Exception {
    submit(0);
    submit(1);
    stage.allow(2);
    assertThat(stage.awaitStart()).isZero();
    assertThat(stage.awaitStart()).isEqualTo(1);
    assertThat(out).isEmpty();
    mailbox.yield();
    assertThat(out).containsExactly("batch 0");
    assertThat(window.inFlight()).isEqualTo(1);
    mailbox.yield();
    assertThat(out).containsExactly("batch 0", "batch 1");
    assertThat(window.isEmpty()).isTrue();
    assertThat(stage.inputs().inUse()).isZero();
    assertThat(stage.outputs().inUse()).isZero();
  }

  @Test
  void itTakesNoMoreThanItHasRoomFor() {
    submit(0);
    assertThat(window.hasRoom()).isTrue();
    submit(1);
    assertThat(window.hasRoom()).isFalse();
    assertThatThrownBy(() -> submit(2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("stage=1 sequence=2 expected=2 inFlight=2 maxInFlight=2");
    assertThat(stage.inputs().inUse()).isEqualTo(2);
  }

  @Test
  void awaitRoomEndsWhenTheOldestHasLeft() throws Exception {
    submit(0);
    submit(1);
    stage.allow(1);
    window.awaitRoom();
    assertThat(out).containsExactly("batch 0");
    assertThat(window.hasRoom()).isTrue();
  }

  @Test
  void aBatchOutOfSequenceIsRefused() {
    assertThatThrownBy(() -> submit(1)).hasMessageContaining("sequence=1 expected=0");
    submit(0);
    assertThatThrownBy(() -> submit(0)).hasMessageContaining("sequence=0 expected=1");
    assertThat(stage.inputs().inUse()).isEqualTo(1);
  }

  @Test
  void whatNeedsNoComputingKeepsItsPlace() throws Exception {
    window.pass("abort a");
    assertThat(out).containsExactly("abort a");
    submit(0);
    window.pass("abort b");
    window.pass("abort c");
    submit(1);
    window.pass("abort d");
    stage.free();
    window.drain();
    assertThat(out)
        .containsExactly("abort a", "batch 0", "abort b", "abort c", "batch 1", "abort d");
  }

  @Test
  void oneMailHandsOutOneBatch() throws Exception {
    submit(0);
    window.pass("abort");
    submit(1);
    stage.free();
    while (mails.size() < 2) {
      Thread.onSpinWait();
    }
    mailbox.yield();
    assertThat(out).containsExactly("batch 0", "abort");
    assertThat(window.inFlight()).isEqualTo(1);
  }

  @Test
  void roomIsToldOnceForEachBatchAndAfterItsActivationsAreBack() throws Exception {
    List<Integer> inUse = new ArrayList<>();
    onRoom =
        () -> {
          inUse.add(stage.inputs().inUse());
          if (inUse.size() < 4) {
            submit(inUse.size());
          }
        };
    submit(0);
    stage.free();
    while (inUse.size() < 4) {
      mailbox.yield();
    }
    assertThat(inUse).containsExactly(0, 0, 0, 0);
    assertThat(out).containsExactly("batch 0", "batch 1", "batch 2", "batch 3");
  }

  @Test
  void drainingEndsThoughTheOutputWouldSubmitMore() throws Exception {
    List<Boolean> room = new ArrayList<>();
    onRoom = () -> room.add(window.hasRoom());
    submit(0);
    submit(1);
    stage.free();
    window.drain();
    assertThat(room).containsExactly(false, false);
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.hasRoom()).isTrue();
    submit(2);
    window.drain();
    assertThat(out).containsExactly("batch 0", "batch 1", "batch 2");
  }

  @Test
  void drainingNothingReturnsAtOnce() throws Exception {
    window.drain();
    assertThat(out).isEmpty();
  }

  @Test
  void aFailureTellsStageSequenceAndSizes() {
    RuntimeException cause = new RuntimeException("broken");
    stage.failAt(1, cause).free();
    submit(0);
    submit(1);
    assertThatThrownBy(() -> window.drain())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stage failed: stage=1 sequence=1 segments=1 rows=3")
        .hasCause(cause);
    assertThat(out).containsExactly("batch 0");
  }

  @Test
  void anErrorFailsItToo() {
    Error cause = new OutOfMemoryError("made for this test");
    stage.failAt(0, cause).free();
    submit(0);
    assertThatThrownBy(() -> window.drain()).hasCause(cause);
  }

  @Test
  void anOutputThatFailsLeavesNothingBehind() {
    outputFails = new RuntimeException("no");
    submit(0);
    stage.free();
    assertThatThrownBy(() -> window.drain()).isSameAs(outputFails);
  }

  @Test
  void closingForgetsWhatIsComputedWhatWaitsAndWhatIsDone() throws Exception {
    window = reopened(4);
    for (int sequence = 0; sequence < 4; sequence++) {
      submit(sequence);
    }
    window.pass("abort");
    stage.allow(2);
    assertThat(stage.awaitStart()).isZero();
    assertThat(stage.awaitStart()).isEqualTo(1);
    assertThat(stage.awaitStart()).isEqualTo(2); // 0 and 1 are done, their mails wait
    stage.freeOnceClosing();
    window.close();
    stage.assertNothingLeft();
    assertThat(stage.startedMore()).isFalse();
    runMails();
    assertThat(out).isEmpty();
  }

  @Test
  void closingWithNothingInFlightIsClosingToo() {
    window.close();
    assertThat(window.hasRoom()).isFalse();
    assertThatThrownBy(() -> submit(0)).hasMessageContaining("closed=true");
    assertThatThrownBy(() -> window.pass("abort")).hasMessageContaining("closed");
    assertThatThrownBy(() -> window.awaitRoom()).hasMessageContaining("closed");
  }

  @Test
  void aCompletionAfterTheMailboxIsClosedDoesNoHarm() throws Exception {
    submit(0);
    stage.awaitStart();
    mails.close();
    stage.freeOnceClosing();
    assertThatCode(() -> window.close()).doesNotThrowAnyException();
    assertThat(out).isEmpty();
  }

  @Test
  void waitingCanBeInterrupted() throws Exception {
    submit(0);
    submit(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> window.awaitRoom()).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> window.drain()).isInstanceOf(InterruptedException.class);
    assertThat(window.inFlight()).isEqualTo(2);
  }

  @Test
  void itNeedsAtLeastOne() {
    assertThatThrownBy(() -> new StageWindow<String>(1, null, mailbox, 0, null))
        .hasMessageContaining("maxInFlight=0")
        .hasMessageContaining("--max-in-flight");
  }

  private StageWindow<String> reopened(int maxInFlight) {
    window.close();
    return window(maxInFlight);
  }

  private void runMails() {
    while (mailbox.tryYield()) {
      // run all
    }
  }
}
