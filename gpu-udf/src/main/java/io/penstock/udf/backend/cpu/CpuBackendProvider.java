package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.BackendProvider;

/** Opens {@code --backend cpu}. */
public final class CpuBackendProvider implements BackendProvider {
  static final String NAME = "cpu";

  /** For {@link java.util.ServiceLoader}. */
  public CpuBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Backend open(BackendOptions options) {
    return new CpuBackend(options, RowKernelsLoader.load());
  }
}
