package io.penstock.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * docs/reason-codes.md has a section for each code, with cause and remedy, and for nothing else.
 */
final class ReasonCodesPageTest {
  private static final Pattern SECTION =
      Pattern.compile(
          "^### `(\\w+)`\n- \\*\\*Cause\\.\\*\\* \\S[^#]*\n- \\*\\*Remedy\\.\\*\\* \\S",
          Pattern.MULTILINE);

  @Test
  void everyCodeHasCauseAndRemedy() throws IOException {
    String page = Files.readString(Path.of("../docs/reason-codes.md"));
    List<String> sections =
        SECTION.matcher(page).results().map((MatchResult found) -> found.group(1)).toList();
    assertThat(sections)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ReasonCode.values()).map(ReasonCode::name).toList());
  }
}
