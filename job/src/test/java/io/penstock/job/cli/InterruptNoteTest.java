package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.schemas.Prompt;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InterruptNoteTest {

  private static Prompt prompt(String id, String routingKey) {
    return Prompt.newBuilder()
        .setRequestId(id)
        .setRoutingKey(routingKey)
        .setText("secret")
        .setMetadata(Map.of())
        .build();
  }

  @Test
  void saysHowToGiveThePromptUp() {
    assertThat(InterruptNote.text(prompt("ask-1", null)))
        .contains("stays with the job")
        .endsWith("scripts/penstock cancel ask-1")
        .doesNotContain("secret");
    assertThat(InterruptNote.text(prompt("it's 1", "a b")))
        .endsWith("scripts/penstock cancel 'it'\\''s 1' --routing-key 'a b'");
  }

  @Test
  void aClosedNoteSaysNothing() {
    StringWriter err = new StringWriter();
    InterruptNote note = new InterruptNote(prompt("a", null), new PrintWriter(err));
    note.close();
    note.close();
    assertThat(err.toString()).isEmpty();
  }
}
