package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendUnderTest;
import io.penstock.udf.backend.BackendsUnderTest;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.TinyModels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The norm of the last token's hidden state after each layer, against the goldens: tells the layer
 * that goes wrong. In float32 only.
 */
class HiddenStatesTest {
  private static final int KV_PAGES = 11;
  private static final int MAX_ROWS = 704;
  private static final double LIMIT_PERCENT = 1e-2;

  static Stream<Arguments> models() {
    return BackendsUnderTest.ALL.stream()
        .filter(subject -> subject.precision().equals("f32"))
        .flatMap(
            subject ->
                Stream.concat(
                    TinyModels.DIRECTORIES.stream()
                        .map(m -> Arguments.of(subject, TinyModels.directory(m), Goldens.tiny(m))),
                    TinyModels.GGUF_FILES.stream()
                        .map(m -> Arguments.of(subject, TinyModels.gguf(m), Goldens.gguf(m)))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("models")
  void norms(BackendUnderTest subject, Path path, List<Goldens.Prompt> prompts) throws Exception {
    subject.assumeAvailable();
    List<Double> norms = new ArrayList<>();
    try (Model model = Models.open(path);
        Pipeline pipeline =
            new Pipeline(model, 1, () -> recording(subject, norms), KV_PAGES, MAX_ROWS)) {
      for (Goldens.Prompt prompt : prompts) {
        norms.clear();
        ChunkPlan plan = new ChunkPlan(MAX_ROWS, 1, new Random(1));
        pipeline.run(plan.batches(List.of(prompt.ids()), KV_PAGES));
        // One at each norm and the last sum: those before the MLPs, in between, have no golden.
        double[] expected = prompt.hiddenL2();
        assertThat(norms).hasSize(2 * model.config().layers() + 2);
        for (int layer = 0; layer <= model.config().layers(); layer++) {
          assertThat(norms.get(2 * layer))
              .as("%s %s after layers=%d", subject, prompt, layer)
              .isCloseTo(expected[layer], withinPercentage(LIMIT_PERCENT));
        }
        assertThat(norms.get(norms.size() - 1))
            .as("%s %s after the final norm", subject, prompt)
            .isCloseTo(expected[expected.length - 1], withinPercentage(LIMIT_PERCENT));
      }
    }
  }

  /**
   * A backend that also notes norms of the last row: of the residual at each {@code rmsNorm} (after
   * its sum), at the last {@code add}, and of what the final norm makes of it.
   */
  private static Backend recording(BackendUnderTest subject, List<Double> norms) {
    Backend backend = subject.open();
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              Object result = invoke(backend, method, arguments);
              switch (method.getName()) {
                case "rmsNorm" ->
                    norms.add(norm(subject, (Backend.Matrix) arguments[0], (int) arguments[4]));
                case "add" ->
                    norms.add(norm(subject, (Backend.Matrix) arguments[0], (int) arguments[2]));
                case "logits" -> {
                  Backend.Matrix residual = (Backend.Matrix) arguments[0];
                  try (Backend.Matrix out =
                      backend.matrix(Backend.Role.OPERAND, 1, residual.cols())) {
                    backend.rmsNorm(
                        residual, null, (Backend.Norm) arguments[2], (float) arguments[3], 1, out);
                    norms.add(norm(subject, out, 1));
                  }
                }
                default -> {}
              }
              return result;
            });
  }

  private static Object invoke(Backend backend, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(backend, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static double norm(BackendUnderTest subject, Backend.Matrix matrix, int rows) {
    float[] values = subject.read(matrix, rows);
    double squares = 0;
    for (int i = (rows - 1) * matrix.cols(); i < rows * matrix.cols(); i++) {
      squares += (double) values[i] * values[i];
    }
    return Math.sqrt(squares);
  }
}
