package io.penstock.job.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What others use instead, as {@code --peer} takes it: llama.cpp with weights in a format that it
 * makes from the model's file.
 *
 * @param format of the weights, {@code q4_0} or {@code q8_0}
 */
record Peer(String format) {
  /** What the names of all peers begin with. */
  static final String NAME = "llama.cpp";

  /**
   * @return name of the way
   */
  String name() {
    return NAME + " " + format;
  }

  /** Reads {@code llama.cpp}, which is q4_0, and {@code llama.cpp:q8_0}. */
  static final class Converter implements ITypeConverter<Peer> {
    @Override
    public Peer convert(String text) {
      return switch (text) {
        case NAME, NAME + ":q4_0" -> new Peer("q4_0");
        case NAME + ":q8_0" -> new Peer("q8_0");
        default ->
            throw new TypeConversionException(
                "'" + text + "' is no peer; there are llama.cpp (q4_0) and llama.cpp:q8_0");
      };
    }
  }
}
