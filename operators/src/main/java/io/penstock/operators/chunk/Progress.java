package io.penstock.operators.chunk;

/**
 * Where a prompt stands, in keyed state: small, and written at every chunk.
 *
 * @param arrival place in the order of arrival
 * @param arrivalMillis timestamp of its record, milliseconds since the epoch
 * @param tokens tokens of the prompt
 * @param open whether a chunk of it was emitted
 * @param emittedTokens tokens emitted; after a restart an open prompt starts again at 0 all the
 *     same, since its KV is gone
 */
public record Progress(
    long arrival, long arrivalMillis, int tokens, boolean open, int emittedTokens) {}
