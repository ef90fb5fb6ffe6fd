package io.penstock.udf.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class NativeMemoryTest {

  @Test
  void whatCannotFitIsRefusedWithTheSizes() {
    NativeBlock.checkFits(60, "a test", 40, 100);
    assertThatThrownBy(() -> NativeBlock.checkFits(61, "a test", 40, 100))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no memory for a test: bytes=61 heldBytes=40 physicalBytes=100");
  }

  @Test
  void moreThanTheMachineHasIsRefusedThoughTheSystemWouldGiveIt() {
    assertThatThrownBy(() -> NativeBlock.allocate(1L << 50, "a test"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("bytes=" + (1L << 50));
  }

  @Test
  void javaCppDoesNotLimitWhatOwnersClose() {
    NativeBlock.allocate(1, "a test").close();
    assertThat(Pointer.maxPhysicalBytes()).isZero();
    assertThat(Pointer.maxBytes()).isZero();
  }
}
