package io.penstock.operators.admit;

import java.util.List;

/**
 * A record as it came from the prompt topic. Arrays are shared, not copied, and are not to be
 * changed.
 *
 * @param topic topic; the file's name for {@code penstock local}
 * @param partition partition
 * @param offset offset; the line number, from 1, for {@code penstock local}
 * @param timestampMillis the record's timestamp, milliseconds since the epoch
 * @param key key, or null
 * @param value value, or null
 * @param headers headers, in order
 */
public record SourceRecord(
    String topic,
    int partition,
    long offset,
    long timestampMillis,
    byte[] key,
    byte[] value,
    List<Header> headers) {

  /**
   * One header of a record.
   *
   * @param key name
   * @param value value, or null
   */
  public record Header(String key, byte[] value) {}

  /** Copies the list. */
  public SourceRecord {
    headers = List.copyOf(headers);
  }
}
