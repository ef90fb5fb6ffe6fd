package io.penstock.operators.token;

import io.penstock.operators.stage.BodyShape;
import io.penstock.operators.stage.EpochClock;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FrameException;
import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.FrameKind;
import io.penstock.operators.stage.FrameReader;
import io.penstock.udf.model.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The end of the pipeline: logits in, results out. Chained after the last stage, whose fragments it
 * reads in place. Has no state: a prompt that is open when the job fails starts again at token 0,
 * and its times with it.
 */
public final class FirstTokenFunction extends ProcessFunction<Fragment, ResultRecord> {
  private static final long serialVersionUID = 1L;

  private final FirstTokenSpec spec;
  private final TokenizerOpener tokenizers;

  private transient Tokenizer tokenizer;
  private transient FirstToken firstToken;
  private transient TokenMetrics metrics;
  private transient FrameReader reader;
  private transient ByteBuffer logits;
  private transient int vocabSize;
  private transient Collector<ResultRecord> out;

  /**
   * @param spec what to write on the results; the model's tokenizer, if it has one, gives the
   *     token's text
   */
  public FirstTokenFunction(FirstTokenSpec spec) {
    this(spec, TokenizerOpener::ofModel);
  }

  FirstTokenFunction(FirstTokenSpec spec, TokenizerOpener tokenizers) {
    this.spec = spec;
    this.tokenizers = tokenizers;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    super.open(context);
    tokenizer = tokenizers.open(spec.modelPath()).orElse(null);
    logits = ByteBuffer.allocate(0);
    reader = new FrameReader(new Inbox());
    firstToken =
        new FirstToken(
            spec,
            getRuntimeContext().getTaskInfo().getAttemptNumber(),
            token -> tokenizer == null ? null : tokenizer.decode(token),
            EpochClock::micros);
    MetricGroup group = getRuntimeContext().getMetricGroup();
    group.gauge("openPrompts", () -> firstToken.openPrompts());
    metrics = new TokenMetrics(group);
  }

  @Override
  public void processElement(Fragment fragment, Context context, Collector<ResultRecord> to)
      throws Exception {
    out = to;
    reader.accept(fragment);
  }

  @Override
  public void close() throws Exception {
    if (tokenizer != null) {
      tokenizer.close();
      tokenizer = null;
    }
    super.close();
  }

  private final class Inbox implements FrameReader.Receiver {

    @Override
    public ByteBuffer begin(FrameHeader header, BodyShape shape) throws FrameException {
      boolean abort = header.kind() == FrameKind.ABORT;
      boolean logitsOfAllStages =
          header.kind() == FrameKind.LOGITS
              && header.prompts().size() == shape.rows()
              && header.timings().size() == spec.stages();
      if (!abort && !logitsOfAllStages) {
        throw new FrameException(
            "frame is not from the last stage: stages="
                + spec.stages()
                + " got stagesBefore="
                + header.timings().size()
                + " kind="
                + header.kind()
                + " sequence="
                + header.sequence()
                + " prompts="
                + header.prompts().size()
                + " "
                + shape);
      }
      if (logits.capacity() < shape.bytes()) {
        logits = ByteBuffer.allocate(shape.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      }
      vocabSize = shape.cols();
      return logits;
    }

    @Override
    public void complete(FrameHeader header) {
      if (header.kind() == FrameKind.ABORT) {
        emit(firstToken.abort(header));
      } else {
        firstToken.batch(header, logits.asFloatBuffer(), vocabSize).forEach(this::emit);
      }
    }

    private void emit(ResultRecord result) {
      metrics.count(result.result());
      out.collect(result);
    }
  }
}
