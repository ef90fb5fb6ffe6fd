package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.job.RefusedException;
import io.penstock.schemas.ChatMessage;
import io.penstock.schemas.Prompt;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AskTest {

  @Test
  void aFileOfMessagesIsAPromptInBothForms(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("messages.json");
    Files.writeString(file, "[{\"role\": \"user\", \"content\": \"x\", \"name\": \"n\"}]");
    Prompt prompt = MessagesFile.read(file, "r1");
    assertThat(prompt.getRequestId()).isEqualTo("r1");
    assertThat(prompt.getMessages())
        .containsExactly(new ChatMessage("user", "x", "{\"name\":\"n\"}"));
    Files.writeString(
        file,
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"tools\": [1.5],"
            + " \"add_generation_prompt\": false}");
    prompt = MessagesFile.read(file, "r2");
    assertThat(prompt.getTools()).isEqualTo("[1.5]");
    assertThat(prompt.getAddGenerationPrompt()).isFalse();
    for (String bad :
        List.of(
            "{}",
            "5",
            "secret",
            "{\"messages\": [], \"secrets\": 1}",
            "{\"messages\": [], \"routing_key\": \"k\"}")) {
      Files.writeString(file, bad);
      assertThatThrownBy(() -> MessagesFile.read(file, "r3"))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("--messages=" + file);
    }
  }

  @Test
  void anEmptyIdIsRefusedBeforeKafkaIsAsked() {
    CommandLine commandLine = Main.commandLine();
    StringWriter err = new StringWriter();
    commandLine.setErr(new PrintWriter(err));
    int exit =
        commandLine.execute(
            "ask", "--request-id=", "--bootstrap-servers=127.0.0.1:1", "--token-ids=1");
    assertThat(exit).isNotZero();
    assertThat(err.toString()).contains("--request-id is empty");
  }
}
