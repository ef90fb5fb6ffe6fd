package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class StageOperatorHarnessTest {
  private static final int FRAGMENT_BYTES = 150;
  private static final String PIPE = "0 1 abort 2 3";

  private FakeStage stage = new FakeStage(1, 3);
  private OneInputStreamOperatorTestHarness<Fragment, Fragment> harness;
  private final List<FakeStage> stages = new ArrayList<>();

  @AfterEach
  void nothingIsLeft() throws Exception {
    close();
    stages.forEach(FakeStage::assertNothingLeft);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("fake-stage-"));
  }

  private void open(int maxInFlight) throws Exception {
    close();
    FakeStage opened = stage;
    stages.add(opened);
    StageOperatorFactory factory =
        new StageOperatorFactory(opened.spec(), (spec, most) -> opened.open(most), maxInFlight);
    harness = new OneInputStreamOperatorTestHarness<>(factory);
    harness.setup(new FragmentSerializer());
    harness.open();
  }

  private void close() throws Exception {
    if (harness != null) {
      stages.get(stages.size() - 1).freeOnceClosing();
      harness.close();
      harness = null;
    }
  }

  /** Frames 0, 1, an abort, 2 and 3, as stage 0 of {@code stages} would send them. */
  private static List<Fragment> frames(int stagesBefore) throws Exception {
    FragmentSerializer serializer = new FragmentSerializer();
    List<Fragment> fragments = new ArrayList<>();
    FrameWriter writer =
        new FrameWriter(FRAGMENT_BYTES, fragment -> fragments.add(serializer.copy(fragment)));
    Random random = new Random(7);
    for (int sequence = 0; sequence < 4; sequence++) {
      int rows = 3 + sequence;
      FrameHeader header = Frames.header(sequence, "p" + sequence, rows, sequence % 2 == 1);
      for (int before = 0; before < stagesBefore; before++) {
        header = header.with(new StageTiming(before, 1, 2, 3, 4));
      }
      writer.activations(header, numbers(rows, random));
      if (sequence == 1) {
        writer.abort(FrameHeader.abort(Frames.prompt("given up", 9)));
      }
    }
    return fragments;
  }

  private static Activations numbers(int rows, Random random) {
    Activations made = Frames.activations(ElementType.F32, rows, FakeStage.HIDDEN, random);
    for (int i = 0; i < rows * FakeStage.HIDDEN; i++) {
      made.bytes().putFloat(i * 4, random.nextInt(1000));
    }
    return made;
  }

  private void runMails() throws Exception {
    while (harness.getTaskMailbox().hasMail()) {
      Mail mail = harness.getTaskMailbox().take(0);
      mail.run();
    }
  }

  private List<Frames.Whole> sent() throws Exception {
    List<Fragment> fragments = new ArrayList<>();
    FragmentSerializer serializer = new FragmentSerializer();
    harness.extractOutputValues().forEach(fragment -> fragments.add(serializer.copy(fragment)));
    return Frames.read(fragments);
  }

  private static String order(List<Frames.Whole> frames) {
    return frames.stream()
        .map(
            frame ->
                frame.header().kind() == FrameKind.ABORT
                    ? "abort"
                    : Long.toString(frame.header().sequence()))
        .collect(Collectors.joining(" "));
  }

  private void process(Fragment fragment) throws Exception {
    harness.processElement(new StreamRecord<>(new FragmentSerializer().copy(fragment)));
  }

  private void checkAll(List<Frames.Whole> sent, List<Fragment> received) throws Exception {
    assertThat(order(sent)).isEqualTo(PIPE);
    List<Frames.Whole> came =
        Frames.read(received.stream().map(new FragmentSerializer()::copy).toList());
    for (int frame = 0; frame < came.size(); frame++) {
      FrameHeader before = came.get(frame).header();
      FrameHeader after = sent.get(frame).header();
      assertThat(after.segments()).usingRecursiveComparison().isEqualTo(before.segments());
      assertThat(after.prompts()).usingRecursiveComparison().isEqualTo(before.prompts());
      if (after.kind() == FrameKind.ACTIVATIONS) {
        assertThat(floats(sent.get(frame))).containsExactly(plusOne(floats(came.get(frame))));
        assertThat(after.timings()).hasSize(2).startsWith(before.timings().get(0));
        StageTiming timing = after.timings().get(1);
        assertThat(timing.stage()).isEqualTo(1);
        assertThat(timing.firstByteMicros()).isPositive();
        assertThat(timing.readyMicros()).isGreaterThanOrEqualTo(timing.firstByteMicros());
        assertThat(timing.startMicros()).isGreaterThanOrEqualTo(timing.readyMicros());
        assertThat(timing.endMicros()).isGreaterThanOrEqualTo(timing.startMicros());
      }
    }
  }

  private static float[] floats(Frames.Whole frame) {
    float[] floats = new float[frame.body().length / 4];
    ByteBuffer.wrap(frame.body()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  private static float[] plusOne(float[] floats) {
    for (int i = 0; i < floats.length; i++) {
      floats[i]++;
    }
    return floats;
  }

  @Test
  void oneFragmentAtATimeEachWaitingForItsResult() throws Exception {
    open(2);
    stage.free();
    List<Fragment> fragments = frames(1);
    for (Fragment fragment : fragments) {
      process(fragment);
      if (fragment.index() == fragment.count() - 1 && fragment.bodyBytes() > 0) {
        harness.getTaskMailbox().take(0).run();
      }
    }
    checkAll(sent(), fragments);
  }

  @Test
  void allAtOnceAndThenTheEndOfInput() throws Exception {
    for (int maxInFlight = 1; maxInFlight <= 5; maxInFlight++) {
      stage = new FakeStage(1, 3);
      open(maxInFlight);
      stage.free();
      List<Fragment> fragments = frames(1);
      for (Fragment fragment : fragments) {
        process(fragment);
      }
      harness.endInput();
      checkAll(sent(), fragments);
    }
  }

  @Test
  void theLastStageSendsLogits() throws Exception {
    stage = new FakeStage(2, 3);
    open(2);
    stage.free();
    List<Fragment> fragments = frames(2);
    for (Fragment fragment : fragments) {
      process(fragment);
    }
    harness.endInput();
    List<Frames.Whole> sent = sent();
    assertThat(order(sent)).isEqualTo(PIPE);
    List<Frames.Whole> came = Frames.read(fragments);
    for (int frame = 0; frame < came.size(); frame++) {
      if (came.get(frame).header().kind() == FrameKind.ABORT) {
        continue;
      }
      assertThat(sent.get(frame).header().kind()).isEqualTo(FrameKind.LOGITS);
      assertThat(sent.get(frame).header().timings()).hasSize(3);
      boolean ends = !came.get(frame).header().prompts().isEmpty();
      assertThat(sent.get(frame).shape())
          .isEqualTo(new BodyShape(ElementType.F32, ends ? 1 : 0, FakeStage.VOCAB));
      if (ends) {
        float[] in = floats(came.get(frame));
        assertThat(floats(sent.get(frame))[0]).isEqualTo(in[in.length - FakeStage.HIDDEN] + 1);
      }
    }
  }

  @Test
  void theNextBatchIsReceivedWhileOneIsComputedAndTheOneAfterWaitsAtItsFirstFragment()
      throws Exception {
    open(2);
    List<Fragment> fragments = frames(1);
    int batches = 0;
    int next = 0;
    while (batches < 2) {
      Fragment fragment = fragments.get(next++);
      process(fragment);
      batches += fragment.index() == fragment.count() - 1 ? 1 : 0;
    }
    assertThat(stage.awaitStart()).isZero();
    assertThat(stage.inputs().inUse()).isEqualTo(2);
    while (fragments.get(next).bodyBytes() == 0) {
      process(fragments.get(next++)); // the abort
    }
    assertThat(harness.extractOutputValues()).isEmpty();
    stage.allow(1);
    process(fragments.get(next)); // waits until batch 0 has left
    assertThat(order(sent())).isEqualTo("0");
    assertThat(stage.awaitStart()).isEqualTo(1);
    assertThat(stage.inputs().inUse()).isEqualTo(2);
  }

  @Test
  void aSnapshotBetweenAnyTwoFramesFindsNothingInFlight() throws Exception {
    List<Fragment> fragments = frames(1);
    for (int cut = 0; cut <= fragments.size(); cut++) {
      stage = new FakeStage(1, 3);
      open(2);
      stage.free();
      for (Fragment fragment : fragments.subList(0, cut)) {
        process(fragment);
      }
      boolean betweenFrames = cut == fragments.size() || fragments.get(cut).index() == 0;
      if (!betweenFrames) {
        assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("checkpointId=1 stage=1");
        continue;
      }
      harness.prepareSnapshotPreBarrier(1);
      assertThat(stage.inputs().inUse()).isZero();
      assertThat(stage.outputs().inUse()).isZero();
      int framesBefore = cut == fragments.size() ? 5 : (int) fragments.get(cut).frame();
      assertThat(sent()).hasSize(framesBefore);
      harness.snapshot(1, 1);
      for (Fragment fragment : fragments.subList(cut, fragments.size())) {
        process(fragment);
      }
      harness.endInput();
      checkAll(sent(), fragments);
    }
  }

  @Test
  void theInputMustNotEndInsideAFrame() throws Exception {
    open(2);
    process(frames(1).get(0));
    assertThatThrownBy(() -> harness.endInput())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in the middle of a frame");
  }

  @Test
  void closingAtAnyPointLeavesNothingAndSendsNothingMore() throws Exception {
    List<Fragment> fragments = frames(1);
    for (int cut = 0; cut <= fragments.size(); cut++) {
      stage = new FakeStage(1, 3);
      open(5);
      for (Fragment fragment : fragments.subList(0, cut)) {
        process(fragment);
      }
      int outputs = harness.extractOutputValues().size();
      stage.freeOnceClosing();
      harness.getOperator().close();
      stage.assertNothingLeft();
      runMails();
      assertThat(harness.extractOutputValues()).hasSize(outputs);
    }
  }

  @Test
  void cancellingWhileItWaitsForRoomEndsTheWait() throws Exception {
    open(1);
    List<Fragment> fragments = frames(1);
    int next = 0;
    do {
      process(fragments.get(next++));
    } while (fragments.get(next).index() != 0);
    stage.awaitStart();
    Thread.currentThread().interrupt();
    int waiting = next;
    assertThatThrownBy(() -> process(fragments.get(waiting)))
        .isInstanceOf(InterruptedException.class);
    stage.freeOnceClosing();
    harness.getOperator().close();
    stage.assertNothingLeft();
  }

  @Test
  void aFailureOfTheBackendFailsTheTask() throws Exception {
    open(2);
    stage.failAt(1, new IllegalStateException("broken backend")).free();
    List<Fragment> fragments = frames(1);
    assertThatThrownBy(
            () -> {
              for (Fragment fragment : fragments) {
                process(fragment);
              }
              harness.endInput();
            })
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stage failed: stage=1 sequence=1 segments=1 rows=4")
        .hasRootCauseMessage("broken backend");
    assertThat(order(sent())).isEqualTo("0");
    stage.freeOnceClosing();
    harness.getOperator().close();
    stage.assertNothingLeft();
  }

  @Test
  void aFailureToOpenLeavesNothing() throws Exception {
    StageOperatorFactory factory =
        new StageOperatorFactory(
            stage.spec(),
            (spec, most) -> {
              throw new IllegalStateException("kvPages=100 do not fit");
            },
            2);
    harness = new OneInputStreamOperatorTestHarness<>(factory);
    harness.setup(new FragmentSerializer());
    assertThatThrownBy(() -> harness.open()).hasMessageContaining("kvPages=100");
    harness.close();
    harness = null;
  }

  @Test
  void aFrameForAnotherStageIsRefused() throws Exception {
    open(2);
    List<Fragment> fragments = frames(2);
    assertThatThrownBy(() -> process(fragments.get(0)))
        .isInstanceOf(FrameException.class)
        .hasMessageContaining("stage=1 ")
        .hasMessageContaining("stagesBefore=2");
  }

  @Test
  void theFirstStageIsTheHeads() {
    assertThatThrownBy(() -> new StageOperatorFactory(new FakeStage(0, 3).spec(), null, 2))
        .hasMessageContaining("stage=0 stages=3");
  }
}
