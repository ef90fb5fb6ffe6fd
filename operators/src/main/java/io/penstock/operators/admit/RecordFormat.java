package io.penstock.operators.admit;

/** How the value of a record on the prompt topic is encoded. */
public enum RecordFormat {
  /** Avro single-object encoding: a fingerprint in front finds the writer's schema. */
  AVRO,
  /** A JSON object, UTF-8, with the schema's field names. */
  JSON
}
