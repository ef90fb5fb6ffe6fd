package io.penstock.operators.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerOpenerTest {
  @TempDir private Path folder;

  @Test
  void aTokenizerThatCannotBeUsedIsNone() throws IOException {
    Path from = TinyModels.directory("llama-gqa-a");
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(from.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    assertThat(TokenizerOpener.ofModel(folder.toString())).isEmpty();
  }

  @Test
  void aModelThatCannotBeUsedIsAFailure() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThatThrownBy(() -> TokenizerOpener.ofModel(folder.toString()))
        .isInstanceOf(ModelFileException.class);
  }
}
