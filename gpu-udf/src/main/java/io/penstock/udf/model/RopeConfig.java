package io.penstock.udf.model;

import java.util.List;
import java.util.Optional;

/**
 * Rotary position embedding, rotate-half order.
 *
 * @param theta base of the frequencies
 * @param scaling llama3 scaling of the frequencies, if the model has it
 * @param divisors what each of the {@code headDim / 2} frequencies is divided by, where the file
 *     gives the numbers themselves (GGUF's {@code rope_freqs.weight}); else empty
 */
public record RopeConfig(double theta, Optional<Llama3Scaling> scaling, List<Float> divisors) {

  /** Copies the list. */
  public RopeConfig {
    divisors = List.copyOf(divisors);
  }

  /**
   * @param theta base of the frequencies
   * @param scaling llama3 scaling of the frequencies, if the model has it
   */
  public RopeConfig(double theta, Optional<Llama3Scaling> scaling) {
    this(theta, scaling, List.of());
  }

  /**
   * Llama 3's frequency scaling, as transformers' {@code _compute_llama3_parameters} has it: wave
   * lengths above {@code originalMaxPositions / lowFreqFactor} are divided by {@code factor}, those
   * below {@code originalMaxPositions / highFreqFactor} are kept, those between are blended.
   *
   * @param factor divisor of the low frequencies
   * @param lowFreqFactor bound of the low band
   * @param highFreqFactor bound of the high band
   * @param originalMaxPositions context length of the original training, tokens
   */
  public record Llama3Scaling(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositions) {}

  /**
   * Angle per position of each rotated pair.
   *
   * @param headDim dimension of a head, even
   * @return {@code headDim / 2} inverse frequencies: the angle of pair i at position p is {@code p
   *     * f[i]}, where pair i is elements i and i + headDim / 2; float32 values, as transformers
   *     computes them
   */
  public float[] inverseFrequencies(int headDim) {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float plain = (float) (1.0 / Math.pow(theta, 2.0 * i / headDim));
      float scaled = scaling.isPresent() ? scaled(plain, scaling.get()) : plain;
      frequencies[i] = divisors.isEmpty() ? scaled : scaled / divisors.get(i);
    }
    return frequencies;
  }

  private static float scaled(float frequency, Llama3Scaling s) {
    double waveLength = 2 * Math.PI / frequency;
    double lowWaveLength = s.originalMaxPositions / s.lowFreqFactor;
    double highWaveLength = s.originalMaxPositions / s.highFreqFactor;
    if (waveLength > lowWaveLength) {
      return (float) (frequency / s.factor);
    }
    if (waveLength < highWaveLength) {
      return frequency;
    }
    double smooth =
        (s.originalMaxPositions / waveLength - s.lowFreqFactor)
            / (s.highFreqFactor - s.lowFreqFactor);
    return (float) ((1 - smooth) * frequency / s.factor + smooth * frequency);
  }
}
