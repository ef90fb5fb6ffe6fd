package io.penstock.operators.token;

import io.penstock.schemas.PrefillResult;
import io.penstock.schemas.RecordHeader;
import java.util.List;

/**
 * A result and what its record gets beside it.
 *
 * @param result the result
 * @param headers headers carried over from the prompt's record; values are not to be changed
 */
public record ResultRecord(PrefillResult result, List<RecordHeader> headers) {

  /** Copies the list. */
  public ResultRecord {
    headers = List.copyOf(headers);
  }
}
