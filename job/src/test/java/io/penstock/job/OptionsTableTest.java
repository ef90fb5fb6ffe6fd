package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.kafka.KafkaOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code docs/options.md} is what this prints. To write it anew: {@code mvn -pl job -am test
 * -Dtest=OptionsTableTest -Dpenstock.write-docs=true}.
 */
class OptionsTableTest {
  private static final Path PAGE = Path.of("..", "docs", "options.md");

  @Test
  void theCommittedTableIsTheGeneratedOne() throws IOException {
    String page = page();
    if (Boolean.getBoolean("penstock.write-docs")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, page);
    }
    assertThat(PAGE).hasContent(page);
  }

  private static String page() {
    return """
        # Options

        Generated from `PrefillOptions` and `KafkaOptions`; a test checks that it still is. Sizes are
        written like `64mb` or `1gb`, durations like `10s` or `2min`.

        ## The job, `flink run` and `penstock local` alike

        """
        + table(new PrefillOptions())
        + """

        ## Kafka, `flink run` only

        """
        + table(new KafkaOptions());
  }

  private static String table(Object options) {
    StringBuilder table = new StringBuilder("| option | default | |\n| --- | --- | --- |\n");
    CommandSpec spec =
        CommandSpec.create().addMixin("options", CommandSpec.forAnnotatedObject(options));
    Commands.of(spec);
    for (OptionSpec option : spec.options()) {
      String value =
          option.required()
              ? "required"
              : option.defaultValue() == null ? "" : code(option.defaultValue());
      table.append("| ").append(code(option.longestName() + " " + option.paramLabel()));
      table.append(" | ").append(value);
      table.append(" | ").append(description(option)).append(" |\n");
    }
    return table.toString();
  }

  private static String description(OptionSpec option) {
    StringBuilder candidates = new StringBuilder();
    if (option.completionCandidates() != null) {
      for (String candidate : option.completionCandidates()) {
        candidates.append(candidates.isEmpty() ? "" : ", ").append(code(candidate));
      }
    }
    return String.join(" ", option.description())
        .replace("${COMPLETION-CANDIDATES}", candidates)
        .replace("|", "\\|");
  }

  private static String code(String text) {
    return "`" + text + "`";
  }
}
