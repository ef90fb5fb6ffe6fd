package io.penstock.udf.family;

import io.penstock.udf.model.LayerRange;
import java.io.IOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * Packed weights of this process, so that a stage that restarts in a surviving process finds them
 * at once. Weights stay after their last release, until other weights are asked for. Thread-safe:
 * two that ask for the same weights load them once, different ones load at the same time.
 */
final class WeightCache {
  /** The one of this process. */
  static final WeightCache PROCESS = new WeightCache();

  /**
   * Which weights.
   *
   * @param model see {@link io.penstock.udf.model.Model#identity()}
   * @param layers layers of the stage
   * @param backend see {@link io.penstock.udf.backend.Backend#describe()}
   */
  record Key(String model, LayerRange layers, String backend) {}

  /** Reads and packs weights. */
  @FunctionalInterface
  interface Loader {
    /**
     * @return the weights, owned by the cache
     */
    StageWeights load() throws IOException;
  }

  /** A use of weights; closing it gives them back. */
  static final class Lease implements AutoCloseable {
    private final WeightCache cache;
    private final Entry entry;
    private boolean closed;

    private Lease(WeightCache cache, Entry entry) {
      this.cache = cache;
      this.entry = entry;
    }

    /**
     * @return the weights; not to be closed
     */
    StageWeights weights() {
      return entry.weights;
    }

    @Override
    public void close() {
      synchronized (cache) {
        if (!closed) {
          closed = true;
          entry.uses--;
        }
      }
    }
  }

  private static final class Entry {
    /** Guarded by the cache. */
    private int uses;

    /** Written under the entry's own lock. */
    private volatile StageWeights weights;
  }

  private final Map<Key, Entry> entries = new HashMap<>();

  /**
   * Finds weights or loads them; waits while another thread loads the same.
   *
   * @param key which weights
   * @param loader loads them if they are not there
   * @return a lease, to be closed by the caller
   * @throws IOException if loading fails; nothing of it stays, and the next that asks, or waits
   *     already, tries again with his own loader
   */
  Lease lease(Key key, Loader loader) throws IOException {
    Entry entry;
    synchronized (this) {
      if (!entries.containsKey(key)) {
        closeIdle();
      }
      entry = entries.computeIfAbsent(key, k -> new Entry());
      entry.uses++;
    }
    Lease lease = new Lease(this, entry);
    try {
      synchronized (entry) {
        if (entry.weights == null) {
          entry.weights = loader.load();
        }
      }
      return lease;
    } catch (IOException | RuntimeException | Error e) {
      lease.close();
      forgetIfEmpty(key, entry);
      throw e;
    }
  }

  /** After a failed load; somebody else may be waiting to try again. */
  private synchronized void forgetIfEmpty(Key key, Entry entry) {
    if (entry.uses == 0 && entry.weights == null) {
      entries.remove(key, entry);
    }
  }

  /** How many weights are here or being loaded. */
  synchronized int size() {
    return entries.size();
  }

  /** Closes all weights that nobody uses. */
  synchronized void closeIdle() {
    for (Iterator<Entry> i = entries.values().iterator(); i.hasNext(); ) {
      Entry entry = i.next();
      if (entry.uses == 0) {
        i.remove();
        if (entry.weights != null) {
          entry.weights.close();
        }
      }
    }
  }
}
