package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.stage.FrameKind;
import io.penstock.operators.stage.Frames;
import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The head on Flink's harness. The stage holds 64 rows, two batches at most are in it, three
 * prompts may be open, the pool has eight pages.
 */
@Timeout(120)
final class HeadOperatorHarnessTest {
  private static final int[] SIZES = {1, 30, 64, 65, 200, 20, 130, 5, 512, 2};

  /** P: the next prompt comes. M: mails run. C: the stage completes a batch. */
  private static final String SCRIPT = "PMPPMCPPMCCPMPCCMPPCMCPCCC";

  private final List<HeadRig> rigs = new ArrayList<>();
  private final List<AdmittedPrompt> prompts = prompts();

  private static List<AdmittedPrompt> prompts() {
    List<AdmittedPrompt> made = new ArrayList<>();
    for (int size : SIZES) {
      made.add(HeadRig.prompt(made.size(), size));
    }
    return made;
  }

  private static List<String> ids(List<AdmittedPrompt> of) {
    return of.stream().map(AdmittedPrompt::requestId).toList();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    for (HeadRig rig : rigs) {
      rig.close();
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("fake-stage-") || name.startsWith("head-control"));
  }

  private HeadRig rig(HeadRig made) {
    rigs.add(made);
    return made;
  }

  private HeadRig head() throws Exception {
    return rig(new HeadRig(2)).open();
  }

  private Outcome outcome(HeadRig rig) throws Exception {
    return new Outcome(prompts, rig.frames(), 2);
  }

  /** Runs the script's first steps; returns how many prompts came. */
  private int play(HeadRig rig, int steps) throws Exception {
    int next = 0;
    for (char step : SCRIPT.substring(0, steps).toCharArray()) {
      switch (step) {
        case 'P' -> rig.process(prompts.get(next++));
        case 'M' -> rig.runMails();
        default -> rig.complete();
      }
    }
    return next;
  }

  private void finish(HeadRig rig, int from) throws Exception {
    rig.fake.free();
    for (AdmittedPrompt prompt : prompts.subList(from, prompts.size())) {
      rig.process(prompt);
    }
    rig.harness().endInput();
    assertThat(rig.operator().stage().busy()).isFalse();
    assertThat(rig.operator().stage().pagesUsed()).as("pages in use at the end").isZero();
    assertThat(rig.harness().numKeyedStateEntries()).as("keys with state").isZero();
  }

  @Test
  void oneRecordAtATime() throws Exception {
    for (int stages = 1; stages <= 2; stages++) {
      HeadRig rig = rig(new HeadRig(stages)).open();
      for (AdmittedPrompt prompt : prompts) {
        rig.process(prompt);
        rig.settle();
      }
      Outcome outcome = new Outcome(prompts, rig.frames(), stages);
      assertThat(outcome.ended).isEqualTo(ids(prompts));
      rig.harness().endInput();
      finish(rig, prompts.size());
    }
  }

  @Test
  void allAtOnceAndThenTheEndOfInput() throws Exception {
    for (int stages = 1; stages <= 2; stages++) {
      HeadRig rig = rig(new HeadRig(stages)).open();
      finish(rig, 0);
      Outcome outcome = new Outcome(prompts, rig.frames(), stages);
      assertThat(outcome.begun).isEqualTo(ids(prompts));
      assertThat(outcome.ended).isEqualTo(ids(prompts));
    }
  }

  @Test
  void aRecordIsOnlyQueuedAndBatchesAreChosenByMailsOneEach() throws Exception {
    HeadRig rig = head();
    for (AdmittedPrompt prompt : prompts) {
      rig.process(prompt);
    }
    assertThat(rig.operator().stage().inFlight()).isZero();
    var mailbox = rig.harness().getTaskMailbox();
    mailbox.take(0).run();
    assertThat(rig.operator().stage().inFlight()).isEqualTo(1);
    mailbox.take(0).run();
    assertThat(rig.operator().stage().inFlight()).isEqualTo(2);
    assertThat(mailbox.hasMail()).as("a third").isFalse();
    rig.fake.allow(1);
    mailbox.take(0).run();
    assertThat(rig.frames()).hasSize(1);
    assertThat(rig.operator().stage().inFlight()).as("one out, one in").isEqualTo(2);
    assertThat(mailbox.hasMail()).isFalse();
  }

  @Test
  void theChoiceIsMadeLate() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4)); // 200 tokens: batches of 64, 64, 64, 8
    rig.complete();
    rig.process(prompts.get(1)); // comes while the second and third are in the stage
    rig.cancel(null, "p4");
    rig.settle();
    assertThat(outcome(rig).ended).doesNotContain("p4").contains("p1");
  }

  @Test
  void restoresFromEveryPointAndLosesAndRepeatsNothing() throws Exception {
    for (int point = 0; point <= SCRIPT.length(); point++) {
      HeadRig first = head();
      int came = play(first, point);
      OperatorSubtaskState state = first.checkpoint();
      List<String> before = outcome(first).ended;
      HeadRig second = rig(new HeadRig(2)).restore(state);
      finish(second, came);
      Outcome after = outcome(second);
      assertThat(Stream.concat(before.stream(), after.ended.stream()))
          .as("point %d", point)
          .containsExactlyElementsOf(ids(prompts));
      assertThat(after.begun).isEqualTo(after.ended);
      assertThat(after.aborted).isEmpty();
      // The first one goes on as if nothing had been.
      finish(first, came);
      assertThat(outcome(first).ended).as("point %d", point).isEqualTo(ids(prompts));
      first.close();
      second.close();
    }
  }

  @Test
  void aPromptCancelledAtAnyPointEndsOnceAndTheOthersAsEver() throws Exception {
    for (int point = 0; point <= SCRIPT.length(); point++) {
      for (String id : ids(prompts)) {
        HeadRig rig = head();
        int came = play(rig, point);
        rig.runMails(); // they are ahead of the cancel in any case
        boolean ended =
            !rig.operator().stage().knows(id) && came > Integer.parseInt(id.substring(1));
        rig.cancel("enough", id);
        finish(rig, came);
        Outcome outcome = outcome(rig);
        List<String> others = new ArrayList<>(ids(prompts));
        if (ended) {
          assertThat(outcome.aborted).as("point %d %s", point, id).isEmpty();
        } else {
          others.remove(id);
          assertThat(outcome.aborted).as("point %d %s", point, id).containsExactly(id);
          assertThat(
                  rig.frames().stream()
                      .filter(frame -> frame.header().kind() == FrameKind.ABORT)
                      .map(frame -> frame.header().prompts().get(0).cancelReason()))
              .containsExactly("enough");
        }
        assertThat(outcome.ended).as("point %d %s", point, id).isEqualTo(others);
        rig.close();
      }
    }
  }

  @Test
  void anAbortStaysBehindWhatIsInFlight() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4));
    rig.runMails();
    assertThat(rig.operator().stage().inFlight()).isEqualTo(2);
    rig.cancel(null, "p4");
    assertThat(rig.frames()).isEmpty();
    assertThat(rig.operator().stage().pagesUsed()).as("free at once").isZero();
    rig.complete();
    rig.complete();
    assertThat(rig.frames())
        .extracting(frame -> frame.header().kind())
        .containsExactly(FrameKind.ACTIVATIONS, FrameKind.ACTIVATIONS, FrameKind.ABORT);
    Frames.Whole abort = rig.frames().get(2);
    assertThat(abort.header().prompts().get(0).chunkTokens()).containsExactly(64, 64);
    assertThat(abort.header().prompts().get(0).cancelReason()).isNull();
  }

  @Test
  void aSnapshotWhileAnAbortWaitsEmitsItBeforeTheBarrier() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4));
    rig.runMails();
    rig.cancel("why", "p4");
    OperatorSubtaskState state = rig.checkpoint();
    assertThat(outcome(rig).aborted).containsExactly("p4");
    HeadRig restored = rig(new HeadRig(2)).restore(state);
    assertThat(restored.operator().stage().busy()).isFalse();
  }

  @Test
  void closesAtEveryPoint() throws Exception {
    for (int point = 0; point <= SCRIPT.length(); point++) {
      HeadRig rig = head();
      play(rig, point);
      rig.close();
    }
  }

  @Test
  void dispatchesNothingBeforeTheTaskRuns() throws Exception {
    HeadRig first = head();
    first.process(prompts.get(4));
    first.process(prompts.get(5));
    OperatorSubtaskState state = first.checkpoint();
    HeadRig rig = rig(new HeadRig(2)).notRunning().restore(state);
    rig.fake.free();
    rig.cancel("held", "p5");
    for (int look = 1; look <= 3; look++) {
      rig.harness().setProcessingTime(look * HeadOperator.RUNNING_POLL.toMillis());
      rig.runMails();
      assertThat(rig.operator().stage().inFlight()).isZero();
      assertThat(rig.fake.startedMore()).isFalse();
      assertThat(rig.frames()).isEmpty();
    }
    rig.becomeRunning();
    rig.harness().setProcessingTime(4 * HeadOperator.RUNNING_POLL.toMillis());
    rig.settle();
    assertThat(outcome(rig).ended).containsExactly("p4");
    assertThat(outcome(rig).aborted).containsExactly("p5");
    assertThat(rig.harness().numProcessingTimeTimers()).isZero();
  }

  @Test
  void dispatchesNothingBetweenBarrierAndSnapshot() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4));
    rig.process(prompts.get(5));
    rig.runMails();
    rig.fake.free();
    rig.harness().prepareSnapshotPreBarrier(1);
    int sent = rig.frames().size();
    rig.cancel("held", "p5");
    assertThat(rig.operator().stage().inFlight()).isZero();
    assertThat(rig.frames()).hasSize(sent);
    OperatorSubtaskState state = rig.harness().snapshot(1, 1);
    rig.settle();
    assertThat(outcome(rig).aborted).containsExactly("p5");
    HeadRig restored = rig(new HeadRig(2)).restore(state);
    restored.settle();
    assertThat(outcome(restored).ended).containsExactly("p4", "p5");
  }

  @Test
  void dispatchesNothingAfterAStopWithSavepointUnlessItIsAborted() throws Exception {
    for (SavepointType stop :
        List.of(
            SavepointType.suspend(SavepointFormatType.CANONICAL),
            SavepointType.terminate(SavepointFormatType.NATIVE))) {
      HeadRig rig = head();
      rig.process(prompts.get(4));
      rig.process(prompts.get(5));
      rig.runMails();
      rig.fake.free();
      rig.harness().prepareSnapshotPreBarrier(7);
      rig.harness().snapshotWithLocalState(7, 7, stop);
      int sent = rig.frames().size();
      rig.runMails();
      rig.cancel("held", "p5");
      rig.harness().endInput();
      assertThat(rig.operator().stage().inFlight()).isZero();
      assertThat(rig.frames()).hasSize(sent);
      rig.operator().notifyCheckpointAborted(6);
      rig.runMails();
      assertThat(rig.frames()).hasSize(sent);
      rig.operator().notifyCheckpointAborted(7);
      rig.settle();
      assertThat(outcome(rig).ended).containsExactly("p4");
      assertThat(outcome(rig).aborted).containsExactly("p5");
    }
  }

  @Test
  void anOrdinarySavepointStopsNothing() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4));
    rig.fake.free();
    rig.harness().prepareSnapshotPreBarrier(7);
    rig.harness()
        .snapshotWithLocalState(7, 7, SavepointType.savepoint(SavepointFormatType.CANONICAL));
    rig.settle();
    assertThat(outcome(rig).ended).containsExactly("p4");
  }

  @Test
  void atTheBoundARecordWaitsAndTheStageGoesOn() throws Exception {
    int labelBytes = "p0key0number0traceparentp0".length();
    HeadRig rig = rig(new HeadRig(2, HeadRig.spec(2 * Chunker.bytesOf(64, labelBytes)))).open();
    AdmittedPrompt[] full = new AdmittedPrompt[6];
    for (int i = 0; i < full.length; i++) {
      full[i] = HeadRig.prompt(i, 64);
    }
    List<AdmittedPrompt> all = List.of(full);
    for (AdmittedPrompt prompt : all.subList(0, 4)) {
      rig.process(prompt); // two go to the stage
      rig.runMails();
    }
    rig.fake.allow(1);
    rig.process(full[4]); // waits for the first batch to leave
    assertThat(rig.frames()).hasSize(1);
    rig.fake.allow(1);
    rig.process(full[5]);
    assertThat(rig.frames()).hasSize(2);
    rig.settle();
    assertThat(new Outcome(all, rig.frames(), 2).ended).isEqualTo(ids(all));
  }

  @Test
  void aPromptLargerThanTheBoundIsLetInAlone() throws Exception {
    HeadRig rig = rig(new HeadRig(2, HeadRig.spec(10))).open();
    finish(rig, 0);
    assertThat(outcome(rig).ended).isEqualTo(ids(prompts));
  }

  @Test
  void beingCancelledWhileARecordWaitsEndsTheWait() throws Exception {
    HeadRig rig = rig(new HeadRig(2, HeadRig.spec(10))).open();
    rig.process(prompts.get(8));
    rig.runMails();
    rig.process(prompts.get(4));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> rig.process(prompts.get(5))).isInstanceOf(InterruptedException.class);
  }

  @Test
  void anIdThatIsQueuedOrOpenIsRefusedWithItsOwnRecord() throws Exception {
    HeadRig rig = head();
    rig.process(prompts.get(4));
    rig.runMails();
    rig.process(prompts.get(4));
    rig.process(prompts.get(5));
    rig.process(prompts.get(5));
    assertThat(rig.deadLetters()).extracting(DeadLetter::getRequestId).containsExactly("p4", "p5");
    DeadLetter letter = rig.deadLetters().get(0);
    assertThat(letter.getReasonCode()).isEqualTo(ReasonCode.DUPLICATE_REQUEST_ID);
    assertThat(letter.getOriginalValue())
        .isEqualTo(ByteBuffer.wrap(prompts.get(4).origin().value()));
    assertThat(letter.getOffset()).isEqualTo(4);
    rig.settle();
    assertThat(outcome(rig).ended).containsExactly("p4", "p5");
    rig.process(prompts.get(4));
    rig.settle();
    assertThat(outcome(rig).ended).containsExactly("p4", "p5", "p4");
  }

  @Test
  void aPromptThatAdmitShouldHaveRefusedIsRefusedHere() throws Exception {
    HeadRig rig = head();
    rig.process(HeadRig.prompt(99, 64 * HeadRig.KV_PAGES + 1));
    assertThat(rig.deadLetters())
        .extracting(DeadLetter::getReasonCode)
        .containsExactly(ReasonCode.LONGER_THAN_KV_POOL);
    assertThat(rig.operator().stage().busy()).isFalse();
  }

  @Test
  void whatDoesNotFitASmallerPoolAfterARestartIsGivenUp() throws Exception {
    HeadRig first = head();
    first.process(prompts.get(4));
    first.process(prompts.get(8)); // needs all eight pages
    first.process(prompts.get(5));
    OperatorSubtaskState state = first.checkpoint();
    HeadRig second = rig(new HeadRig(2, HeadRig.spec(HeadRig.ROOMY, 4))).restore(state);
    second.settle();
    Outcome outcome = outcome(second);
    assertThat(outcome.aborted).containsExactly("p8");
    assertThat(outcome.ended).containsExactly("p4", "p5");
    assertThat(second.frames().get(0).header().prompts().get(0).cancelReason())
        .contains("LONGER_THAN_POOL promptTokens=512 kvPages=4");
    assertThat(second.harness().numKeyedStateEntries()).isZero();
  }

  @Test
  void whatDoesNotFitIsNotGivenUpBehindAStopWithSavepoint() throws Exception {
    HeadRig first = head();
    first.process(prompts.get(8));
    OperatorSubtaskState state = first.checkpoint();
    HeadRig second =
        rig(new HeadRig(2, HeadRig.spec(HeadRig.ROOMY, 4))).notRunning().restore(state);
    assertThat(second.operator().stage().busy()).isTrue();
    second.harness().prepareSnapshotPreBarrier(7);
    second
        .harness()
        .snapshotWithLocalState(7, 7, SavepointType.terminate(SavepointFormatType.CANONICAL));
    second.becomeRunning();
    second.harness().setProcessingTime(1_000);
    second.runMails();
    assertThat(second.frames()).isEmpty();
    assertThat(second.harness().numKeyedStateEntries()).isPositive();
  }

  @Test
  void aFailureOfTheBackendFailsTheTask() throws Exception {
    HeadRig rig = head();
    rig.fake.failAt(1, new IllegalStateException("broken backend")).free();
    assertThatThrownBy(() -> finish(rig, 0)).hasRootCauseMessage("broken backend");
    assertThat(rig.frames()).hasSize(1);
  }

  @Test
  void aFailureOfTheControlSourceFailsTheTask() throws Exception {
    HeadRig rig = rig(new HeadRig(2));
    rig.control.failWith(new IllegalStateException("broken topic"));
    rig.open();
    assertThatThrownBy(() -> rig.harness().getTaskMailbox().take(0).run())
        .hasMessageContaining("--control-topic")
        .hasRootCauseMessage("broken topic");
  }

  @Test
  void anErrorOfTheControlSourceFailsTheTaskLikewise() throws Exception {
    HeadRig rig = rig(new HeadRig(2));
    rig.control.failWith(new AssertionError("broken reader"));
    rig.open();
    assertThatThrownBy(() -> rig.harness().getTaskMailbox().take(0).run())
        .hasMessageContaining("--control-topic")
        .hasRootCauseMessage("broken reader");
  }

  @Test
  void headAndStageHaveToFit() {
    HeadSpec spec = HeadRig.spec(HeadRig.ROOMY);
    assertThatThrownBy(
            () ->
                new HeadOperatorFactory(
                    HeadRig.spec(HeadRig.ROOMY, 9), HeadRig.stageSpec(2, spec), null, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kvPages=8 expected=9");
  }
}
