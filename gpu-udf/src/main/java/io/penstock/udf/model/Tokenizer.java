package io.penstock.udf.model;

/** Text to token ids and back. Safe for use by one thread at a time; closed by its owner. */
public interface Tokenizer extends AutoCloseable {

  /**
   * Encodes text; special tokens in it are recognised, none is added.
   *
   * @param text any text
   * @return token ids; empty for an empty text
   * @throws RuntimeException if this tokenizer cannot encode this text; the message may quote it
   */
  int[] encode(String text);

  /**
   * @param tokenIds ids in the vocabulary
   * @return their text, special tokens included; bytes that are no UTF-8 come out as U+FFFD
   */
  String decode(int... tokenIds);

  @Override
  void close();
}
