package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PageAllocatorTest {
  private final PageAllocator pages = new PageAllocator(5);

  @Test
  void handsOutEveryPageOnceAndThenSaysSo() {
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      assertThat(pages.used()).isEqualTo(i);
      taken.add(pages.take());
    }
    assertThat(taken).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    assertThat(pages.total()).isEqualTo(5);
    assertThatThrownBy(pages::take)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("pages=5");
  }

  @Test
  void aFreedPageMayBeTakenAtOnce() {
    for (int i = 0; i < 5; i++) {
      pages.take();
    }
    pages.give(3);
    assertThat(pages.used()).isEqualTo(4);
    assertThat(pages.take()).isEqualTo(3);
  }

  @Test
  void refusesPagesThatWereNotHandedOut() {
    int page = pages.take();
    pages.give(page);
    for (int wrong : new int[] {page, -1, 5, 4}) {
      assertThatThrownBy(() -> pages.give(wrong))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("page=" + wrong + " pages=5");
    }
  }
}
