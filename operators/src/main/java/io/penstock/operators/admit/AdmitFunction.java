package io.penstock.operators.admit;

import io.penstock.schemas.DeadLetter;
import io.penstock.schemas.ReasonCode;
import io.penstock.udf.model.ChatFormat;
import io.penstock.udf.model.ChatSource;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.Tokenizer;
import io.penstock.udf.model.template.TemplateException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes, validates and tokenizes records. What cannot become a prompt leaves as a dead letter by
 * {@link #DEAD_LETTERS}; no record stops the job. Has no state.
 *
 * <pre>
 *   admittedPrompts        counter  prompts that went on to the head
 *   admittedTokens         counter  tokens in them
 *   refused                counter  records refused
 *   deadLetters.&lt;REASON&gt;   counter  the same by reason code
 * </pre>
 */
public final class AdmitFunction extends ProcessFunction<SourceRecord, AdmittedPrompt> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = LoggerFactory.getLogger(AdmitFunction.class);

  /** Side output of refused records. */
  public static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("admit-dead-letters", AdmitTypes.DEAD_LETTER);

  private final AdmitSpec spec;

  private transient Tokenizer tokenizer;
  private transient Admission admission;
  private transient Counter admittedPrompts;
  private transient Counter admittedTokens;
  private transient Counter refused;
  private transient Map<ReasonCode, Counter> deadLettersByReason;

  /**
   * @param spec what prompts are checked against
   */
  public AdmitFunction(AdmitSpec spec) {
    this.spec = spec;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    super.open(context);
    try (Model model = Models.open(Path.of(spec.modelPath()))) {
      admission = admission(model);
    }
    MetricGroup metrics = getRuntimeContext().getMetricGroup();
    admittedPrompts = metrics.counter("admittedPrompts");
    admittedTokens = metrics.counter("admittedTokens");
    refused = metrics.counter("refused");
    MetricGroup byReason = metrics.addGroup("deadLetters");
    deadLettersByReason = new EnumMap<>(ReasonCode.class);
    for (ReasonCode reason : ReasonCode.values()) {
      deadLettersByReason.put(reason, byReason.counter(reason.name()));
    }
  }

  /** A tokenizer that cannot be used is no reason to refuse token ids. */
  private Admission admission(Model model) throws IOException {
    ChatRenderer chat = chat(model);
    try {
      tokenizer = model.openTokenizer().orElse(null);
      return new Admission(spec, tokenizer, chat);
    } catch (ModelFileException e) {
      LOGGER.warn("texts will be refused: the tokenizer cannot be used: {}", e.getMessage());
      return Admission.withoutTokenizer(spec, e.getMessage(), chat);
    }
  }

  /** Nor is a chat template that cannot be used a reason to refuse texts. */
  private ChatRenderer chat(Model model) throws IOException {
    String failure;
    try {
      ChatSource source = model.chatSource();
      if (spec.chatTemplate() != null) {
        source = source.with(spec.chatTemplate());
      }
      return ChatRenderer.of(
          ChatFormat.of(source).orElse(null), Clock.system(ZoneId.systemDefault()));
    } catch (TemplateException | ModelFileException e) {
      failure = e.getMessage();
    }
    LOGGER.warn("messages will be refused: the chat template cannot be used: {}", failure);
    return ChatRenderer.without(failure);
  }

  @Override
  public void processElement(SourceRecord record, Context context, Collector<AdmittedPrompt> out) {
    AdmittedPrompt admitted;
    try {
      admitted = admission.admit(record);
    } catch (RefusedException e) {
      refused.inc();
      deadLettersByReason.get(e.reason()).inc();
      context.output(
          DEAD_LETTERS, DeadLetters.of(record, e.requestId(), e.reason(), e.getMessage()));
      return;
    }
    admittedPrompts.inc();
    admittedTokens.inc(admitted.tokenIds().length);
    out.collect(admitted);
  }

  @Override
  public void close() throws Exception {
    if (tokenizer != null) {
      tokenizer.close();
      tokenizer = null;
    }
    super.close();
  }
}
