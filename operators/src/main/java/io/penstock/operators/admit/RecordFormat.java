package io.penstock.operators.admit;

import java.util.Locale;

/** How the value of a record on the prompt topic, or on the result topic, is encoded. */
public enum RecordFormat {
  /** Avro single-object encoding: a fingerprint in front finds the writer's schema. */
  AVRO,
  /** A JSON object, UTF-8, with the schema's field names. */
  JSON;

  /** Begins every record in Avro's single-object encoding, and no text in UTF-8. */
  private static final byte[] MARKER = {(byte) 0xC3, 0x01};

  /**
   * @param value of a record; may be anything, also null
   * @return the format that it is in, if it is in one of them
   */
  public static RecordFormat of(byte[] value) {
    return value != null && value.length > 1 && value[0] == MARKER[0] && value[1] == MARKER[1]
        ? AVRO
        : JSON;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
