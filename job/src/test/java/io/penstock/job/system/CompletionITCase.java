package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.cli.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What TAB offers in bash, asked from the script that {@code penstock completion bash} prints. */
class CompletionITCase {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final FrontDoor FRONT_DOOR = new FrontDoor(Map.of());

  @TempDir private static Path folder;
  private static Path script;

  @BeforeAll
  static void print() throws Exception {
    script = folder.resolve("completion.sh");
    Files.writeString(script, FRONT_DOOR.penstock(LIMIT, "completion", "bash").succeeded());
  }

  /** Words that bash would offer for the last of these. */
  private static List<String> offered(String... words) throws Exception {
    String ask =
        "source \"$0\"; COMP_WORDS=(penstock \"$@\"); COMP_CWORD=$#; _penstock;"
            + " printf '%s\\n' \"${COMPREPLY[@]}\"";
    List<String> command = new ArrayList<>(List.of("bash", "-c", ask, script.toString()));
    command.addAll(List.of(words));
    return FRONT_DOOR.run(LIMIT, command).succeeded().lines().toList();
  }

  static List<String> commands() throws Exception {
    String usage = FRONT_DOOR.penstock(LIMIT, "--help").succeeded();
    return matches("(?m)^  ([a-z]+)[ a-z]*  +\\S", usage);
  }

  @Test
  void everyCommandIsOffered() throws Exception {
    assertThat(commands()).contains("quickstart", "model", "ask", "doctor", "test");
    assertThat(offered("")).containsAll(commands()).contains("--help");
    assertThat(offered("su")).containsExactly("submit");
    assertThat(offered("model", "")).contains("fetch");
    assertThat(offered("submit", "--model-path", "/m", "--pp-s")).containsExactly("--pp-size");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionOfItsHelpIsOffered(String command) throws Exception {
    String help = FRONT_DOOR.penstock(LIMIT, command, "--help").succeeded();
    assertThat(offered(command, "--"))
        .contains("--help")
        .containsAll(matches("(?m)^ +(?:-[a-zA-Z], +)?(--[a-z0-9-]+)", help));
  }

  @Test
  void everyOptionOfTheToolsIsOffered() throws Exception {
    for (Map.Entry<String, CommandLine> tool : Main.commandLine().getSubcommands().entrySet()) {
      assertThat(offered(tool.getKey(), "--"))
          .as(tool.getKey())
          .containsAll(
              tool.getValue().getCommandSpec().options().stream()
                  .filter(option -> !option.hidden())
                  .map(OptionSpec::longestName)
                  .toList());
      for (Map.Entry<String, CommandLine> part : tool.getValue().getSubcommands().entrySet()) {
        if (!part.getValue().getCommandSpec().usageMessage().hidden()) {
          assertThat(offered(tool.getKey(), "")).contains(part.getKey());
          assertThat(offered(tool.getKey(), part.getKey(), "--")).hasSizeGreaterThan(1);
        }
      }
    }
    assertThat(offered("submit", "--")).contains("--model-path", "--from-savepoint");
  }

  @Test
  void zshTakesTheSameScript() throws Exception {
    assertThat(FRONT_DOOR.penstock(LIMIT, "completion", "zsh").succeeded())
        .contains("bashcompinit")
        .endsWith(Files.readString(script));
    assertThat(FRONT_DOOR.penstock(LIMIT, "completion", "fish").exitCode()).isEqualTo(2);
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .distinct()
        .toList();
  }
}
