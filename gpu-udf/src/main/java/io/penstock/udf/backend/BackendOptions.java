package io.penstock.udf.backend;

/**
 * What a user may choose about a backend.
 *
 * @param precision {@code auto}, {@code bf16} or {@code f32}
 * @param threads threads of the stage, at least 1
 */
public record BackendOptions(String precision, int threads) {}
