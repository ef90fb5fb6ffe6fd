package io.penstock.udf.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BackendsTest {
  @Test
  void findsThoseThatAreThere() {
    assertThat(Backends.names()).contains("reference", "cpu").isSorted();
    try (Backend backend = Backends.open("reference", new BackendOptions("auto", 1))) {
      assertThat(backend.name()).isEqualTo("reference");
      assertThat(backend.describe()).contains("reference").contains("f32");
    }
  }

  @Test
  void anUnknownNameIsToldWithTheKnownOnes() {
    assertThatThrownBy(() -> Backends.open("cuda12", new BackendOptions("auto", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name=cuda12")
        .hasMessageContaining(String.join(",", Backends.names()))
        .hasMessageContaining("--backend");
  }

  @Test
  void doesNotNeedTheContextClassLoader() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(null);
    try {
      assertThat(Backends.names()).contains("reference");
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
