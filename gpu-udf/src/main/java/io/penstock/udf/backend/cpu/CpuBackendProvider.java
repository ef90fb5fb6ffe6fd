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
    JavaCpp.unlimited();
    try {
      return new CpuBackend(options, RowKernelsLoader.load());
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "oneDNN cannot be loaded: os="
              + System.getProperty("os.name")
              + " arch="
              + System.getProperty("os.arch")
              + "; the cpu backend needs 64-bit x86 Linux with glibc 2.34 or newer, and the native"
              + " jars beside this one (scripts/penstock prepare); --backend reference runs anywhere",
          e);
    }
  }
}
