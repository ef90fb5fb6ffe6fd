package io.penstock.job;

import com.sun.management.OperatingSystemMXBean;
import io.penstock.udf.kv.KvLayout;
import io.penstock.udf.model.ModelConfig;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/**
 * The one number that says how many tokens a replica's KV cache holds, settled at submission so
 * that the head and all stages have the same.
 */
final class KvCapacity {
  private static final int CONTEXTS = 8;
  private static final int MEMORY_PART = 4;

  /** No backend keeps keys and values wider. */
  private static final int WIDEST_ELEMENT_BYTES = 4;

  private KvCapacity() {}

  /**
   * @param asked {@code --max-total-tokens}
   * @param model the model
   * @param replicas {@code --replicas}
   * @return pages of a replica's KV cache
   * @throws RefusedException if not even one page can be had
   */
  static int pages(OptionalLong asked, ModelConfig model, int replicas) throws RefusedException {
    return pages(asked, model, replicas, physicalBytes());
  }

  /** The same for a machine of that many bytes. */
  static int pages(OptionalLong asked, ModelConfig model, int replicas, long memoryBytes)
      throws RefusedException {
    KvLayout layout =
        new KvLayout(model.layers(), model.kvHeads(), model.headDim(), WIDEST_ELEMENT_BYTES);
    long affordable = memoryBytes / MEMORY_PART / replicas / layout.bytesPerToken();
    long tokens = asked.orElse(Math.min((long) CONTEXTS * model.contextTokens(), affordable));
    long pages =
        asked.isPresent()
            ? tokens / KvLayout.PAGE_TOKENS
            : Math.min(KvLayout.pagesFor(tokens), affordable / KvLayout.PAGE_TOKENS);
    if (pages < 1 || pages * KvLayout.PAGE_TOKENS > Integer.MAX_VALUE) {
      throw new RefusedException(
          "no room for the KV cache: tokens="
              + tokens
              + " bytesPerToken="
              + layout.bytesPerToken()
              + " memoryBytes="
              + memoryBytes
              + " replicas="
              + replicas
              + "; set --max-total-tokens");
    }
    return (int) pages;
  }

  private static long physicalBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
