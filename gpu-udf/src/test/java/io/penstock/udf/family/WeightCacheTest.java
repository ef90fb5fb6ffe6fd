package io.penstock.udf.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.model.LayerRange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WeightCacheTest {
  private static final WeightCache.Key ONE = key("one", 0);
  private static final WeightCache.Key OTHER = key("other", 0);

  private final WeightCache cache = new WeightCache();
  private final AtomicInteger loads = new AtomicInteger();

  private static WeightCache.Key key(String model, int layer) {
    return new WeightCache.Key(model, new LayerRange(layer, layer + 1), "fake");
  }

  /** One packed vector that counts how often it was closed. */
  private static final class FakeNorm implements Backend.Norm {
    private final AtomicInteger closed = new AtomicInteger();

    @Override
    public long sizeBytes() {
      return 7;
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private StageWeights load() {
    loads.incrementAndGet();
    return new StageWeights(null, List.of(), new FakeNorm(), null);
  }

  private static int closed(StageWeights weights) {
    return ((FakeNorm) weights.norm()).closed.get();
  }

  @Test
  void weightsStayAfterTheirLastRelease() throws IOException {
    WeightCache.Lease first = cache.lease(ONE, this::load);
    StageWeights weights = first.weights();
    assertThat(weights.sizeBytes()).isEqualTo(7);
    first.close();
    assertThat(closed(weights)).isZero();
    WeightCache.Lease second = cache.lease(ONE, this::load);
    assertThat(second.weights()).isSameAs(weights);
    assertThat(loads).hasValue(1);
    second.close();
    cache.closeIdle();
    assertThat(closed(weights)).isEqualTo(1);
    assertThat(cache.size()).isZero();
  }

  @Test
  void idleWeightsGoBeforeOthersAreLoaded() throws IOException {
    WeightCache.Lease idle = cache.lease(ONE, this::load);
    StageWeights weights = idle.weights();
    idle.close();
    cache
        .lease(
            OTHER,
            () -> {
              assertThat(closed(weights)).isEqualTo(1);
              return load();
            })
        .close();
    cache.lease(ONE, this::load).close();
    assertThat(loads).hasValue(3);
  }

  @Test
  void weightsInUseStayWhenOthersAreLoaded() throws IOException {
    WeightCache.Lease first = cache.lease(ONE, this::load);
    WeightCache.Lease second = cache.lease(ONE, this::load);
    second.close();
    second.close();
    cache.lease(OTHER, this::load).close();
    cache.lease(key("one", 1), this::load).close();
    assertThat(closed(first.weights())).isZero();
    assertThat(cache.lease(ONE, this::load).weights()).isSameAs(first.weights());
    assertThat(loads).hasValue(3);
  }

  @Test
  void twoThatAskAtOnceLoadOnce() throws Exception {
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    CompletableFuture<WeightCache.Lease> first =
        lease(
            ONE,
            () -> {
              loading.countDown();
              await(mayEnd);
              return load();
            });
    await(loading);
    CompletableFuture<WeightCache.Lease> second = lease(ONE, this::load);
    // Other weights are loaded meanwhile.
    WeightCache.Lease other = cache.lease(OTHER, this::load);
    assertThat(first).isNotDone();
    assertThat(second).isNotDone();
    mayEnd.countDown();
    assertThat(second.get().weights()).isSameAs(first.get().weights());
    assertThat(other.weights()).isNotSameAs(first.get().weights());
    assertThat(loads).hasValue(2);
  }

  @Test
  void aFailedLoadLeavesNothingAndTheNextTriesAgain() throws IOException {
    IOException failure = new IOException("truncated");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(
              () ->
                  cache.lease(
                      ONE,
                      () -> {
                        throw failure;
                      }))
          .isSameAs(failure);
      assertThat(cache.size()).isZero();
    }
    assertThat(cache.lease(ONE, this::load).weights()).isNotNull();
  }

  @Test
  void whoWaitedForAFailedLoadTriesItself() throws Exception {
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    CompletableFuture<WeightCache.Lease> failing =
        lease(
            ONE,
            () -> {
              loading.countDown();
              await(mayEnd);
              throw new OutOfMemoryError("weights");
            });
    await(loading);
    CompletableFuture<WeightCache.Lease> waiting = lease(ONE, this::load);
    mayEnd.countDown();
    assertThatThrownBy(failing::get).hasRootCauseInstanceOf(OutOfMemoryError.class);
    assertThat(waiting.get().weights()).isNotNull();
    assertThat(cache.size()).isEqualTo(1);
    assertThat(loads).hasValue(1);
  }

  private CompletableFuture<WeightCache.Lease> lease(
      WeightCache.Key key, WeightCache.Loader loader) {
    CompletableFuture<WeightCache.Lease> lease = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                lease.complete(cache.lease(key, loader));
              } catch (IOException | RuntimeException | Error e) {
                lease.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return lease;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
