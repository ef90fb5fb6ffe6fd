package io.penstock.job.kafka;

import java.util.List;

/** Names of the headers of a dead letter: Kafka Connect's, and our own. Values are UTF-8 text. */
public final class DeadLetterHeaders {
  /** Topic that the record came from. */
  public static final String TOPIC = "__connect.errors.topic";

  /** Partition that it came from, decimal. */
  public static final String PARTITION = "__connect.errors.partition";

  /** Offset that it came from, decimal. */
  public static final String OFFSET = "__connect.errors.offset";

  /** Part of the job that refused it: {@code ADMIT} or {@code HEAD}. */
  public static final String STAGE = "__connect.errors.stage";

  /** Class that refused it. */
  public static final String CLASS_NAME = "__connect.errors.class.name";

  /** In place of an exception's class: the enum of the reason codes. */
  public static final String EXCEPTION_CLASS_NAME = "__connect.errors.exception.class.name";

  /** Why it was refused, for a person. */
  public static final String EXCEPTION_MESSAGE = "__connect.errors.exception.message";

  /** Why it was refused: see {@code docs/reason-codes.md}. */
  public static final String REASON_CODE = "penstock.reason_code";

  /** The prompt's request_id; absent if it could not be read. */
  public static final String REQUEST_ID = "penstock.request_id";

  /**
   * Size of the value in bytes, decimal; there only if the value was left out because the topic
   * would not have taken the record.
   */
  public static final String OMITTED_VALUE_BYTES = "penstock.omitted_value_bytes";

  /** How many headers of the record were left out, decimal; only if the topic takes no more. */
  public static final String OMITTED_HEADERS = "penstock.omitted_headers";

  /** Size of the key in bytes, decimal; there only if it was left out for the same reason. */
  public static final String OMITTED_KEY_BYTES = "penstock.omitted_key_bytes";

  private static final List<String> PREFIXES = List.of("penstock.", "__connect.errors.");

  /**
   * @param name of a header
   * @return whether it reads like one of these, so that a refused record must not bring it along
   */
  static boolean ours(String name) {
    return PREFIXES.stream().anyMatch(name::startsWith);
  }

  private DeadLetterHeaders() {}
}
