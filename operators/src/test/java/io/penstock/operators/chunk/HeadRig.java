package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.stage.FakeStage;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FragmentSerializer;
import io.penstock.operators.stage.Frames;
import io.penstock.schemas.DeadLetter;
import io.penstock.udf.stage.StageSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/** A head on Flink's harness, over a stage that computes when a test says so. */
final class HeadRig {
  static final int KV_PAGES = 8;
  static final int FRAGMENT_BYTES = 3000;
  static final long ROOMY = 1 << 20;

  final FakeStage fake;
  final FakeControl control = new FakeControl();
  private final KeyedOneInputStreamOperatorTestHarness<String, AdmittedPrompt, Fragment> harness;
  private boolean running = true;
  private boolean closed;
  private long checkpoints;

  HeadRig(int stages) throws Exception {
    this(stages, spec(ROOMY));
  }

  HeadRig(int stages, HeadSpec spec) throws Exception {
    fake = new FakeStage(0, stages);
    HeadOperatorFactory factory =
        new HeadOperatorFactory(
            spec,
            stageSpec(stages, spec),
            (of, maxOutstanding) -> fake.open(maxOutstanding),
            control.source(),
            task -> running);
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            factory, AdmittedPrompt::routingKey, Types.STRING);
    harness.setup(new FragmentSerializer());
  }

  static HeadSpec spec(long maxQueuedBytes) {
    return spec(maxQueuedBytes, KV_PAGES);
  }

  static HeadSpec spec(long maxQueuedBytes, int kvPages) {
    return new HeadSpec(
        ChunkPolicy.FIXED, FakeStage.MAX_ROWS, 3, maxQueuedBytes, kvPages, 2, FRAGMENT_BYTES);
  }

  static StageSpec stageSpec(int stages, HeadSpec head) {
    return new StageSpec(
        "fake", 0, stages, "fake", "f32", 1, head.kvPages(), head.maxBatchTokens());
  }

  /** Prompt {@code number}, its tokens counted from 1000 × number. */
  static AdmittedPrompt prompt(int number, int tokens) {
    String id = "p" + number;
    byte[] value = id.getBytes(StandardCharsets.UTF_8);
    List<SourceRecord.Header> headers = List.of(new SourceRecord.Header("traceparent", value));
    return new AdmittedPrompt(
        id,
        "key" + number % 3,
        IntStream.range(0, tokens).map(at -> 1000 * number + at).toArray(),
        number,
        Map.of("number", Integer.toString(number)),
        50 + number,
        new SourceRecord("prompts", 0, number, 50 + number, null, value, headers));
  }

  HeadRig notRunning() {
    running = false;
    return this;
  }

  void becomeRunning() {
    running = true;
  }

  HeadRig open() throws Exception {
    harness.open();
    return this;
  }

  HeadRig restore(OperatorSubtaskState state) throws Exception {
    harness.initializeState(state);
    harness.open();
    return this;
  }

  HeadOperator operator() {
    return (HeadOperator) harness.getOperator();
  }

  KeyedOneInputStreamOperatorTestHarness<String, AdmittedPrompt, Fragment> harness() {
    return harness;
  }

  void process(AdmittedPrompt prompt) throws Exception {
    harness.processElement(new StreamRecord<>(prompt));
  }

  /** Runs the mails that are there. */
  void runMails() throws Exception {
    while (harness.getTaskMailbox().hasMail()) {
      harness.getTaskMailbox().take(0).run();
    }
  }

  /** Lets the stage complete one batch, if it has one, and runs the mails that follow. */
  void complete() throws Exception {
    runMails();
    if (operator().stage().inFlight() > 0) {
      fake.allow(1);
      harness.getTaskMailbox().take(0).run();
      runMails();
    }
  }

  /** Runs mails, and waits for them, until everything is done. */
  void settle() throws Exception {
    fake.free();
    while (operator().stage().busy()) {
      harness.getTaskMailbox().take(0).run();
    }
  }

  void cancel(String reason, String... requestIds) throws Exception {
    control.cancel(reason, requestIds);
    runMails();
  }

  /** A checkpoint as Flink takes one; the stage computes what it has. */
  OperatorSubtaskState checkpoint() throws Exception {
    fake.free();
    checkpoints++;
    harness.prepareSnapshotPreBarrier(checkpoints);
    assertThat(operator().stage().inFlight()).as("in flight at the barrier").isZero();
    return harness.snapshot(checkpoints, checkpoints);
  }

  List<Frames.Whole> frames() throws Exception {
    FragmentSerializer serializer = new FragmentSerializer();
    List<Fragment> copies = new ArrayList<>();
    harness.extractOutputValues().forEach(fragment -> copies.add(serializer.copy(fragment)));
    return Frames.read(copies);
  }

  List<DeadLetter> deadLetters() {
    var letters = harness.getSideOutput(HeadOperator.DEAD_LETTERS);
    return letters == null ? List.of() : letters.stream().map(StreamRecord::getValue).toList();
  }

  /** Closes it, at whatever point, and looks for what it left behind. */
  void close() throws Exception {
    if (!closed) {
      closed = true;
      int sent = harness.extractOutputValues().size();
      fake.freeOnceClosing();
      harness.getOperator().close();
      runMails();
      assertThat(harness.extractOutputValues()).as("sent after closing").hasSize(sent);
      harness.close();
      fake.assertNothingLeft();
      control.assertClosed();
    }
  }
}
