package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/**
 * {@code scripts/help} holds what the Java commands print for {@code --help}: so help and
 * completion wait for no build and start no JVM. To write it anew: {@code mvn -pl job -am test
 * -Dtest=HelpTextsTest,OptionsTableTest -Dpenstock.write-docs=true
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class HelpTextsTest {
  private static final Path FOLDER = Path.of("..", "scripts", "help");

  @Test
  void theCommittedTextsAreTheGeneratedOnes() throws IOException {
    Map<String, String> texts = texts();
    if (Boolean.getBoolean("penstock.write-docs")) {
      Files.createDirectories(FOLDER);
      for (Map.Entry<String, String> text : texts.entrySet()) {
        Files.writeString(FOLDER.resolve(text.getKey()), text.getValue());
      }
    }
    assertThat(files()).isEqualTo(texts.keySet());
    for (Map.Entry<String, String> text : texts.entrySet()) {
      assertThat(FOLDER.resolve(text.getKey())).hasContent(text.getValue());
    }
  }

  private static Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    texts.put("submit.txt", text(Commands.of(new PrefillSubmission())));
    add("", Main.commandLine(), texts);
    return texts;
  }

  private static void add(String prefix, CommandLine line, Map<String, String> texts) {
    line.getSubcommands()
        .forEach(
            (name, command) -> {
              if (!command.getCommandSpec().usageMessage().hidden()) {
                texts.put(prefix + name + ".txt", text(command));
                add(prefix + name + "-", command, texts);
              }
            });
  }

  private static String text(CommandLine command) {
    return command.getUsageMessage(Ansi.OFF);
  }

  private static Set<String> files() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      Set<String> names = new TreeSet<>();
      files.forEach(file -> names.add(file.getFileName().toString()));
      return names;
    }
  }
}
