package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendUnderTest;
import io.penstock.udf.model.LayerRange;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.TinyModels;
import io.penstock.udf.model.WeightSource;
import io.penstock.udf.model.WeightTensor;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class StageWeightsTest {

  /** Notes how many rows of each tensor are read. */
  private record Noting(WeightSource source, Map<String, Long> rowsRead) implements WeightSource {
    @Override
    public boolean has(String name) {
      return source.has(name);
    }

    @Override
    public WeightTensor tensor(String name) throws ModelFileException {
      WeightTensor tensor = source.tensor(name);
      return new WeightTensor() {
        @Override
        public String name() {
          return tensor.name();
        }

        @Override
        public int rows() {
          return tensor.rows();
        }

        @Override
        public int cols() {
          return tensor.cols();
        }

        @Override
        public void readRows(int firstRow, int rowCount, float[] out, int outOffset)
            throws IOException {
          rowsRead.merge(name, (long) rowCount, Long::sum);
          tensor.readRows(firstRow, rowCount, out, outOffset);
        }
      };
    }
  }

  @ParameterizedTest
  @FieldSource("io.penstock.udf.backend.BackendsUnderTest#ALL")
  void aStageReadsItsOwnLayersOnceAndNothingElse(BackendUnderTest subject) throws IOException {
    subject.assumeAvailable();
    try (Model model = Models.open(TinyModels.directory("llama-bias-a"));
        Backend backend = subject.open()) {
      for (int layer = 0; layer < 2; layer++) {
        Noting noting = new Noting(model.weights(), new TreeMap<>());
        StageWeights.pack(model.config(), noting, new LayerRange(layer, layer + 1), backend)
            .close();
        String own = "model.layers." + layer + ".";
        assertThat(noting.rowsRead.keySet())
            .hasSize(2 + 2 * 7 + (layer == 0 ? 1 : 2))
            .allMatch(
                layer == 0
                    ? name -> name.startsWith(own) || name.equals("model.embed_tokens.weight")
                    : name ->
                        name.startsWith(own)
                            || name.equals("model.norm.weight")
                            || name.equals("lm_head.weight"));
        for (Map.Entry<String, Long> read : noting.rowsRead.entrySet()) {
          assertThat(read.getValue())
              .as(read.getKey())
              .isEqualTo(model.weights().tensor(read.getKey()).rows());
        }
      }
    }
  }
}
