package io.penstock.udf.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnlineSoftmaxTest {
  private static final int KEYS = 64;
  private static final int ROWS = 64;
  private static final int BLOCKS = 3;

  private final Random random = new Random(11);

  /** Scores drift from block to block, so far that shifts must change, or so little that not. */
  @ParameterizedTest
  @CsvSource({"0,false", "-200,false", "10,false", "90,true", "300,true", "3000000,true"})
  void weightsAreRightWhateverTheFirstScore(float drift, boolean again) {
    for (RowKernels kernels :
        new RowKernels[] {new ScalarRowKernels(), RowKernelsLoader.vector()}) {
      AttentionShape shape = new AttentionShape(CpuPrecision.F32, 1, 64, KEYS);
      ByteBuffer scores =
          ByteBuffer.allocateDirect(4 * ROWS * shape.scoreStride()).order(ByteOrder.LITTLE_ENDIAN);
      OnlineSoftmax softmax = new OnlineSoftmax(shape, kernels, scores);
      double[][] all = new double[ROWS][BLOCKS * KEYS];
      double[][] weights = new double[ROWS][BLOCKS * KEYS];
      boolean anyAgain = false;
      softmax.begin();
      for (int block = 0; block < BLOCKS; block++) {
        float[] values = new float[ROWS * KEYS];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian() * 4 + drift * block;
          all[i / KEYS][block * KEYS + i % KEYS] = values[i];
        }
        fill(scores, shape, values);
        if (!softmax.run(ROWS, KEYS, BLOCKS * KEYS, Integer.MAX_VALUE)) {
          anyAgain = true;
          fill(scores, shape, values);
          softmax.again(ROWS, KEYS, BLOCKS * KEYS, Integer.MAX_VALUE);
        }
        for (int row = 0; row < ROWS; row++) {
          for (int key = 0; key < block * KEYS; key++) {
            weights[row][key] *= softmax.factor(row);
          }
          for (int key = 0; key < KEYS; key++) {
            weights[row][block * KEYS + key] =
                scores.getFloat(4 * (row * shape.scoreStride() + key));
          }
        }
      }
      assertThat(anyAgain).isEqualTo(again);
      for (int row = 0; row < ROWS; row++) {
        double[] wanted = softmax(all[row]);
        for (int key = 0; key < wanted.length; key++) {
          assertThat(weights[row][key] / softmax.sum(row)).isCloseTo(wanted[key], within(2e-6));
        }
      }
    }
  }

  private static void fill(ByteBuffer scores, AttentionShape shape, float[] values) {
    for (int i = 0; i < values.length; i++) {
      scores.putFloat(4 * (i / KEYS * shape.scoreStride() + i % KEYS), values[i]);
    }
  }

  /** To base 2. */
  private static double[] softmax(double[] scores) {
    double max = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    double sum = 0;
    double[] weights = new double[scores.length];
    for (int i = 0; i < scores.length; i++) {
      weights[i] = Math.pow(2, scores[i] - max);
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
    return weights;
  }
}
