package io.penstock.operators.token;

import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.ResultStatus;
import io.penstock.schemas.TokenLogit;
import io.penstock.schemas.TtftMs;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Makes results of what leaves the last stage: the first token is the argmax of the last position's
 * logits, the lowest id on a tie. Knows no Flink; used by one thread.
 */
final class FirstToken {
  private final FirstTokenSpec spec;
  private final int jobAttempt;
  private final IntFunction<String> text;
  private final LongSupplier nowMicros;
  private final TtftLedger ledger = new TtftLedger();

  /**
   * @param spec what to write on all results
   * @param jobAttempt attempt number of the task, from 0
   * @param text text of a token id; null results if there is no tokenizer
   * @param nowMicros clock, microseconds since the epoch
   */
  FirstToken(
      FirstTokenSpec spec, int jobAttempt, IntFunction<String> text, LongSupplier nowMicros) {
    this.spec = spec;
    this.jobAttempt = jobAttempt;
    this.text = text;
    this.nowMicros = nowMicros;
  }

  /**
   * A batch left the last stage.
   *
   * @param header its header
   * @param logits a row for each prompt that ends in it, in order, from position 0
   * @param vocabSize elements of a row
   * @return the results of these prompts
   * @throws IllegalStateException if a logit is not a number
   */
  List<ResultRecord> batch(FrameHeader header, FloatBuffer logits, int vocabSize) {
    ledger.book(header);
    List<ResultRecord> results = new ArrayList<>();
    for (int row = 0; row < header.prompts().size(); row++) {
      PromptSummary prompt = header.prompts().get(row);
      int from = row * vocabSize;
      int token = TopLogits.argmax(prompt.requestId(), logits, from, vocabSize);
      List<TokenLogit> largest = TopLogits.largest(logits, from, vocabSize, prompt.topLogits());
      results.add(result(prompt, ResultStatus.ok, token, text.apply(token), largest));
    }
    return results;
  }

  /**
   * A prompt was given up.
   *
   * @param header of the abort
   * @return its result
   */
  ResultRecord abort(FrameHeader header) {
    return result(header.prompts().get(0), ResultStatus.cancelled, null, null, List.of());
  }

  /**
   * @return prompts that are on their way: chunks of theirs came by, the last one did not
   */
  int openPrompts() {
    return ledger.open();
  }

  private ResultRecord result(
      PromptSummary prompt,
      ResultStatus status,
      Integer token,
      String tokenText,
      List<TokenLogit> largest) {
    List<Integer> chunkTokens = new ArrayList<>();
    for (int tokens : prompt.chunkTokens()) {
      chunkTokens.add(tokens);
    }
    TtftMs ttft = ledger.close(prompt, nowMicros.getAsLong());
    PrefillResult result =
        PrefillResult.newBuilder()
            .setRequestId(prompt.requestId())
            .setStatus(status)
            .setCancelReason(prompt.cancelReason())
            .setModel(spec.modelName())
            .setPromptTokens(prompt.promptTokens())
            .setCachedTokens(prompt.cachedTokens())
            .setFirstTokenId(token)
            .setFirstTokenText(tokenText)
            .setTopLogits(largest)
            .setChunkTokens(chunkTokens)
            .setChunkPolicy(spec.chunkPolicy())
            .setTtftMs(ttft)
            .setStages(spec.stages())
            .setJobAttempt(jobAttempt)
            .setMetadata(prompt.metadata())
            .build();
    return new ResultRecord(result, prompt.headers());
  }
}
