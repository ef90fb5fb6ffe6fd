package io.penstock.job.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptLinesTest {
  @TempDir private Path folder;

  @Test
  void linesComeWithoutTheirEnds() throws IOException {
    assertThat(read(file("a\nbc\r\n\nä"), 0)).containsExactly("a", "bc", "", "ä");
    assertThat(read(file("a\n"), 0)).containsExactly("a");
    assertThat(read(file(""), 0)).isEmpty();
  }

  @Test
  void readingGoesOnAtEveryLine() throws IOException {
    Path file = file("ä1\r\n\nline three\nlast");
    List<String> all = read(file, 0);
    List<Long> offsets = new ArrayList<>(List.of(0L));
    try (PromptLines lines = new PromptLines(file, 0)) {
      while (lines.next() != null) {
        offsets.add(lines.offsetBytes());
      }
    }
    assertThat(offsets).hasSize(5).last().isEqualTo(Files.size(file));
    for (int line = 0; line <= 4; line++) {
      assertThat(read(file, offsets.get(line))).isEqualTo(all.subList(line, 4));
    }
  }

  @Test
  void linesAreCountedUpToTheLastWithContent() throws IOException {
    assertThat(PromptLines.count(file(""))).isZero();
    assertThat(PromptLines.count(file("\n \t\n\r\n"))).isZero();
    assertThat(PromptLines.count(file("a\n\nb\n\n\n"))).isEqualTo(3);
    assertThat(PromptLines.count(file("a\n\nb"))).isEqualTo(3);
  }

  @Test
  void splitsSurviveCheckpoints() throws IOException {
    LinesSplitSerializer serializer = new LinesSplitSerializer();
    LinesSplit split = new LinesSplit("f", 1L << 40, 7, 9);
    assertThat(serializer.deserialize(1, serializer.serialize(split))).isEqualTo(split);
    assertThat(serializer.deserialize(1, serializer.serialize(null))).isNull();
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("in"), content);
  }

  private static List<String> read(Path file, long offset) throws IOException {
    List<String> read = new ArrayList<>();
    try (PromptLines lines = new PromptLines(file, offset)) {
      for (byte[] line = lines.next(); line != null; line = lines.next()) {
        read.add(new String(line, StandardCharsets.UTF_8));
      }
    }
    return read;
  }
}
