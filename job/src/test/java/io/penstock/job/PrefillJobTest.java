package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrefillJobTest {

  @Test
  void anUnpreparedFlinkIsNamedWithTheRemedy() throws Exception {
    try (URLClassLoader unprepared =
        new URLClassLoader(withoutGpuUdf(), ClassLoader.getPlatformClassLoader())) {
      Throwable thrown = catchThrowable(() -> runMain(unprepared, "--model-path=m"));
      assertThat(thrown)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("scripts/penstock prepare FLINK_HOME");
    }
  }

  @Test
  void aBadOptionDoesNotEndAServerThatRunsTheMainMethod() {
    assertThat(
            catchThrowable(() -> PrefillJob.main(new String[] {"--model-path=m", "--pp-sise=2"})))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Unknown option: '--pp-sise=2'")
        .hasMessageContaining("--pp-size");
  }

  private static void runMain(ClassLoader loader, String... args) throws Throwable {
    Class<?> job = Class.forName(PrefillJob.class.getName(), true, loader);
    assertThat(job.getClassLoader()).isSameAs(loader);
    Method main = job.getMethod("main", String[].class);
    try {
      main.invoke(null, (Object) args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static URL[] withoutGpuUdf() throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!entry.contains("gpu-udf")) {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    return urls.toArray(URL[]::new);
  }
}
