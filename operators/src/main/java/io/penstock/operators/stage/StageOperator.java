package io.penstock.operators.stage;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.OpenStage;
import io.penstock.udf.stage.StageOpener;
import io.penstock.udf.stage.StageResult;
import io.penstock.udf.stage.StageSpec;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stage after the first: fragments in, its layers, fragments out. Everything runs in the task
 * thread, but for the computing, which the stage's executor does: batch k+1 is received and batch
 * k-1 is sent while batch k is computed. When {@code maxInFlight} batches are in the stage, the
 * next one waits at its first fragment.
 *
 * <p><b>No state.</b> Before a barrier goes on, everything in flight is computed and sent: it
 * leaves the stage before the barrier as it came before it. And no frame is ever cut by a barrier:
 *
 * <ul>
 *   <li>A barrier enters an edge when the sending task lets it, between two actions of its mailbox;
 *   <li>whoever sends a frame sends all its fragments within one action ({@link FrameWriter} emits
 *       them in one call, and {@code collect} waits for buffers without running other mails);
 *   <li>an edge keeps order, checkpoints are aligned, and a stage has one input channel (forward
 *       edges only), so what the sender did not put between two fragments does not come between
 *       them.
 * </ul>
 *
 * <p>Should it happen all the same, the checkpoint is refused and the task fails.
 */
final class StageOperator extends AbstractStreamOperator<Fragment>
    implements OneInputStreamOperator<Fragment, Fragment>, BoundedOneInput {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = LoggerFactory.getLogger(StageOperator.class);

  /** A frame that was received, and when. */
  private record Received(FrameHeader header, long firstByteMicros, long readyMicros) {}

  private final StageSpec spec;
  private final StageOpener opener;
  private final int maxInFlight;
  private final transient MailboxExecutor mailbox;

  private transient OpenStage open;
  private transient StageWindow<Received> window;
  private transient FrameReader reader;
  private transient FrameWriter writer;
  private transient StageMetrics stageMetrics;
  private transient Activations receiving;
  private transient long firstByteMicros;

  StageOperator(
      StreamOperatorParameters<Fragment> parameters,
      StageSpec spec,
      StageOpener opener,
      int maxInFlight) {
    super(parameters);
    this.spec = spec;
    this.opener = opener;
    this.maxInFlight = maxInFlight;
    this.mailbox = parameters.getMailboxExecutor();
  }

  @Override
  public void open() throws Exception {
    super.open();
    LOGGER.info(
        "stage {} of {} opens: model={} backend={} kvPages={}",
        spec.stage(),
        spec.stages(),
        spec.modelPath(),
        spec.backend(),
        spec.kvPages());
    open = opener.open(spec, maxInFlight);
    reader = new FrameReader(new Inbox());
    writer = new FrameWriter(fragment -> output.collect(new StreamRecord<>(fragment)));
    window = new StageWindow<>(spec.stage(), open, mailbox, maxInFlight, new Outbox());
    stageMetrics = new StageMetrics(getMetricGroup());
    stageMetrics.reader(reader);
    stageMetrics.writer(writer);
    stageMetrics.window(window);
  }

  @Override
  public void processElement(StreamRecord<Fragment> element) throws Exception {
    reader.accept(element.getValue());
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    checkBetweenFrames("a barrier came: checkpointId=" + checkpointId);
    window.drain();
  }

  @Override
  public void endInput() throws Exception {
    checkBetweenFrames("the input ended");
    window.drain();
  }

  @Override
  public void close() throws Exception {
    try {
      if (window != null) {
        window.close();
      } else if (open != null) {
        open.close();
      }
    } finally {
      if (receiving != null) {
        open.inputs().give(receiving);
        receiving = null;
      }
      super.close();
    }
  }

  private void checkBetweenFrames(String event) {
    if (reader.partial()) {
      throw new IllegalStateException(
          "in the middle of a frame " + event + " stage=" + spec.stage());
    }
  }

  private final class Inbox implements FrameReader.Receiver {

    @Override
    public ByteBuffer begin(FrameHeader header, BodyShape shape) throws Exception {
      if (header.kind() == FrameKind.ABORT) {
        firstByteMicros = EpochClock.micros();
        return null;
      }
      check(header, shape);
      window.awaitRoom();
      firstByteMicros = EpochClock.micros();
      receiving = open.inputs().take(shape.rows());
      return receiving.bytes();
    }

    @Override
    public void complete(FrameHeader header) throws Exception {
      Received received = new Received(header, firstByteMicros, EpochClock.micros());
      if (header.kind() == FrameKind.ABORT) {
        window.pass(received);
        return;
      }
      Activations in = receiving;
      receiving = null;
      window.submit(header.chunkBatch(), in, received);
    }

    private void check(FrameHeader header, BodyShape shape) throws FrameException {
      int rows = header.chunkBatch().rows();
      if (header.kind() != FrameKind.ACTIVATIONS
          || header.timings().size() != spec.stage()
          || shape.rows() != rows
          || rows > spec.maxBatchTokens()
          || shape.cols() != open.hiddenSize()
          || shape.type() != open.residualType()) {
        throw new FrameException(
            "frame is not for this stage: stage="
                + spec.stage()
                + " maxBatchTokens="
                + spec.maxBatchTokens()
                + " hiddenSize="
                + open.hiddenSize()
                + " residualType="
                + open.residualType()
                + " got kind="
                + header.kind()
                + " sequence="
                + header.sequence()
                + " stagesBefore="
                + header.timings().size()
                + " segmentRows="
                + rows
                + " "
                + shape);
      }
    }
  }

  private final class Outbox implements StageWindow.Output<Received> {

    @Override
    public void batch(Received received, StageResult result) throws Exception {
      StageTiming timing =
          new StageTiming(
              spec.stage(),
              received.firstByteMicros(),
              received.readyMicros(),
              result.startMicros(),
              result.endMicros());
      writer.batch(received.header().with(timing), result, open.vocabSize());
      long dispatched = received.header().timings().get(0).readyMicros();
      stageMetrics.computed(result.batch(), timing, dispatched);
    }

    @Override
    public void passed(Received received) throws Exception {
      writer.abort(received.header());
    }
  }
}
