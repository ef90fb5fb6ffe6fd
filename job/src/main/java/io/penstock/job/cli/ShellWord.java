package io.penstock.job.cli;

import java.util.regex.Pattern;

/** A word for a shell, as a person would type it. */
final class ShellWord {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:=@%+-]+");

  private ShellWord() {}

  /**
   * @return the text, in single quotes where a shell would read it otherwise
   */
  static String quote(String text) {
    return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
