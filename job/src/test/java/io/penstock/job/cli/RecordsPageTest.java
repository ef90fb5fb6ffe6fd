package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/records.md shows of Python is what {@link PythonExample} runs. */
final class RecordsPageTest {
  private static final Pattern PYTHON = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL);

  @Test
  void thePageQuotesTheExample() throws IOException {
    List<String> quoted =
        PYTHON
            .matcher(Files.readString(Path.of("../docs/records.md")))
            .results()
            .map((MatchResult found) -> found.group(1))
            .toList();
    assertThat(quoted).hasSize(1);
    assertThat(Files.readString(Path.of("../docs/examples/send_prompt.py")))
        .contains(quoted.get(0));
  }
}
