package io.penstock.operators.token;

import io.penstock.operators.stage.FrameHeader;
import io.penstock.operators.stage.PromptSummary;
import io.penstock.operators.stage.StageTiming;
import io.penstock.schemas.TtftMs;
import io.penstock.udf.stage.Segment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where each prompt's time to first token went. One account for each prompt that is on its way,
 * closed when the prompt ends. Pure; used by one thread.
 *
 * <pre>
 *   total    = now − arrival
 *   queue    = first dispatch − arrival
 *   compute  = Σ end − start of the last stage,                                        over the prompt's batches
 *   transfer = Σ max(0, ready on the last stage
 *                     − max(end of this batch on the stage before, end of the batch before on the last stage)), likewise
 *   bubble   = total − queue − compute − transfer, at least 0
 * </pre>
 */
final class TtftLedger {
  private static final double MICROS_PER_MILLI = 1000;

  private static final class Account {
    private long computeMicros;
    private long transferMicros;
  }

  private final Map<String, Account> accounts = new HashMap<>();
  private long previousEndMicros = Long.MIN_VALUE;

  /**
   * Books a batch that left the last stage.
   *
   * @param header its header, with one timing for each stage
   */
  void book(FrameHeader header) {
    List<StageTiming> timings = header.timings();
    if (timings.isEmpty()) {
      throw new IllegalStateException(
          "batch without times of its stages: sequence=" + header.sequence());
    }
    StageTiming last = timings.get(timings.size() - 1);
    long compute = Math.max(0, last.endMicros() - last.startMicros());
    long transfer = 0;
    if (timings.size() > 1) {
      StageTiming before = timings.get(timings.size() - 2);
      long couldStart = Math.max(before.endMicros(), previousEndMicros);
      transfer = Math.max(0, last.readyMicros() - couldStart);
    }
    previousEndMicros = last.endMicros();
    Set<String> booked = new HashSet<>();
    for (Segment segment : header.segments()) {
      if (booked.add(segment.requestId())) {
        Account account = accounts.computeIfAbsent(segment.requestId(), id -> new Account());
        account.computeMicros += compute;
        account.transferMicros += transfer;
      }
    }
  }

  /**
   * Closes the account of a prompt.
   *
   * @param prompt the prompt; need not have an account, if nothing of it was ever computed
   * @param nowMicros time of its result, microseconds since the epoch
   * @return where its time went, milliseconds
   */
  TtftMs close(PromptSummary prompt, long nowMicros) {
    Account account = accounts.remove(prompt.requestId());
    long compute = account == null ? 0 : account.computeMicros;
    long transfer = account == null ? 0 : account.transferMicros;
    long arrival = Math.multiplyExact(prompt.arrivalMillis(), 1000L);
    long total = Math.max(0, nowMicros - arrival);
    boolean dispatched = prompt.firstDispatchMicros() > 0;
    long queue = dispatched ? Math.max(0, prompt.firstDispatchMicros() - arrival) : total;
    long bubble = Math.max(0, total - queue - compute - transfer);
    return new TtftMs(
        millis(total), millis(queue), millis(compute), millis(transfer), millis(bubble));
  }

  /**
   * @return prompts that are on their way
   */
  int open() {
    return accounts.size();
  }

  private static double millis(long micros) {
    return micros / MICROS_PER_MILLI;
  }
}
