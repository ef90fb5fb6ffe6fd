/**
 * The records on Kafka and their two forms: Avro ({@link io.penstock.schemas.AvroCodec}) and JSON
 * ({@link io.penstock.schemas.JsonCodec}). The record classes are generated from {@code
 * src/main/avro}; every released version of a schema stays in {@code
 * src/main/resources/io/penstock/schemas/versions}.
 */
package io.penstock.schemas;
