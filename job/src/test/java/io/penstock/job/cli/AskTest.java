package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class AskTest {

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
