package io.penstock.job.cli;

import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.TokenLogit;
import io.penstock.schemas.TtftMs;
import java.util.Locale;

/** A result for a person. */
final class ResultText {
  private ResultText() {}

  /**
   * @param result any result
   * @return a few lines
   */
  static String of(PrefillResult result) {
    StringBuilder text = new StringBuilder();
    if (result.getFirstTokenId() == null) {
      text.append("status       ").append(result.getStatus());
      if (result.getCancelReason() != null) {
        text.append(", reason: ").append(result.getCancelReason());
      }
    } else {
      text.append("first token  ").append(result.getFirstTokenId());
      if (result.getFirstTokenText() != null) {
        text.append("  ").append(quoted(result.getFirstTokenText()));
      }
    }
    text.append('\n');
    text.append("request_id   ").append(result.getRequestId()).append('\n');
    text.append("prompt       ").append(result.getPromptTokens()).append(" tokens, chunks ");
    text.append(result.getChunkTokens()).append(" by ").append(result.getChunkPolicy());
    text.append(", stages ").append(result.getStages()).append('\n');
    text.append(ttft(result.getTtftMs()));
    for (TokenLogit logit : result.getTopLogits()) {
      text.append(
          String.format(
              Locale.ROOT, "%nlogit        %7d %9.4f", logit.getTokenId(), logit.getLogit()));
    }
    return text.toString();
  }

  private static String ttft(TtftMs ttft) {
    return String.format(
        Locale.ROOT,
        "ttft         %.1f ms: queue %.1f, compute %.1f, transfer %.1f, bubble %.1f",
        ttft.getTotal(),
        ttft.getQueue(),
        ttft.getCompute(),
        ttft.getTransfer(),
        ttft.getBubble());
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"") + '"';
  }
}
