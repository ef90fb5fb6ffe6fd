package io.penstock.udf.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Which stage holds which layers.
 *
 * <pre>
 *   layers = 61, stages = 4:   0……14 | 15……29 | 30……44 | 45…………60
 *                              15      15       15       16
 * </pre>
 *
 * The remainder goes to the last stages: the first one embeds and is waited for by all (facts of
 * SGLang's guide: 15,15,15,16 beats 16,15,15,15).
 *
 * @param ranges layer range of each stage, in order, covering all layers
 */
public record StageLayout(List<LayerRange> ranges) {

  /** Copies the list. */
  public StageLayout {
    ranges = List.copyOf(ranges);
  }

  /**
   * @param layers layers of the model
   * @param stages pipeline stages, at most {@code layers}
   * @return the balanced layout
   * @throws IllegalArgumentException if there are more stages than layers, or none
   */
  public static StageLayout balanced(int layers, int stages) {
    if (stages < 1 || stages > layers) {
      throw new IllegalArgumentException(
          "cannot split layers=" + layers + " over stages=" + stages + "; see --pp-size");
    }
    int small = layers / stages;
    int larger = layers % stages;
    List<LayerRange> ranges = new ArrayList<>();
    int first = 0;
    for (int stage = 0; stage < stages; stage++) {
      int size = small + (stage >= stages - larger ? 1 : 0);
      ranges.add(new LayerRange(first, first + size));
      first += size;
    }
    return new StageLayout(ranges);
  }
}
