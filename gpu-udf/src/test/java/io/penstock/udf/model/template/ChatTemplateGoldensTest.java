package io.penstock.udf.model.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Renderings by Jinja 3.1 in the environment of Hugging Face transformers. The templates of models
 * are not part of this project: {@code -Dpenstock.chat-templates=FOLDER} says where files of them
 * are, each with the keys name, template, bos_token, eos_token, now and cases.
 */
class ChatTemplateGoldensTest {
  private static final String FOLDER = "penstock.chat-templates";

  static List<TemplateCase> features() throws IOException {
    return TemplateCase.features();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("features")
  void eachFeatureRendersAsJinjaDoes(TemplateCase each) throws TemplateException {
    check(each);
  }

  @Test
  void theTemplatesOfModelsRenderAsTransformersDoes() throws IOException {
    String folder = System.getProperty(FOLDER, "");
    assumeThat(folder)
        .as("no folder of models' templates: set -D" + FOLDER + "=FOLDER")
        .isNotEmpty();
    List<Path> files;
    try (Stream<Path> listed = Files.list(Path.of(folder))) {
      files =
          listed
              .filter(file -> file.getFileName().toString().matches("[^_].*\\.json"))
              .sorted()
              .toList();
    }
    assertThat(files).as(FOLDER + "=" + folder).isNotEmpty();
    List<String> failures = new ArrayList<>();
    int cases = 0;
    for (Path file : files) {
      for (TemplateCase each : TemplateCase.ofModel(file)) {
        cases++;
        try {
          check(each);
        } catch (TemplateException | AssertionError e) {
          failures.add(each.name() + ": " + e.getMessage());
        }
      }
    }
    assertThat(failures).as("failures of %d cases", cases).isEmpty();
  }

  private static void check(TemplateCase each) throws TemplateException {
    if (each.expected() != null) {
      assertThat(each.render()).isEqualTo(each.expected());
      return;
    }
    assertThatThrownBy(each::render)
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              if (each.errorType().equals("TemplateError")) {
                assertThat(e.kind()).isEqualTo(TemplateException.Kind.RAISED);
                assertThat(e).hasMessageEndingWith(": " + each.error());
              }
            });
  }
}
