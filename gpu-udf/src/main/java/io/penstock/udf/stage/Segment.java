package io.penstock.udf.stage;

/**
 * One chunk of one prompt inside a {@link ChunkBatch}. Decided by the chunker, obeyed by all
 * stages.
 *
 * @param requestId the prompt
 * @param prefixTokens tokens of the prompt whose KV is there already; a multiple of the page size
 * @param tokens tokens of this chunk, at least 1
 * @param pageTable KV page ids of the prompt in order, enough for {@code prefixTokens + tokens};
 *     not to be changed
 * @param last whether this is the prompt's last chunk: the last stage then gives logits for its
 *     last token
 */
public record Segment(
    String requestId, int prefixTokens, int tokens, int[] pageTable, boolean last) {}
