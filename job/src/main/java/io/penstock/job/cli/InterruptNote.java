package io.penstock.job.cli;

import io.penstock.schemas.Prompt;
import java.io.PrintWriter;

/**
 * While open, says on Ctrl-C that the prompt goes on without its asker, and how to give it up. The
 * JVM's shutdown calls it, on a thread of its own.
 */
final class InterruptNote implements AutoCloseable {
  private final Thread hook;

  /**
   * @param prompt that was sent
   * @param err where to say it
   */
  InterruptNote(Prompt prompt, PrintWriter err) {
    hook =
        new Thread(
            () -> {
              err.println(text(prompt));
              err.flush();
            },
            "interrupt-note");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  static String text(Prompt prompt) {
    String key =
        prompt.getRoutingKey() == null
            ? ""
            : " --routing-key " + ShellWord.quote(prompt.getRoutingKey());
    return "\ninterrupted; the prompt stays with the job, and its result will be on the result topic."
        + "\nTo give it up: scripts/penstock cancel "
        + ShellWord.quote(prompt.getRequestId())
        + key;
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The shutdown has begun: the note is out, or about to be.
    }
  }
}
