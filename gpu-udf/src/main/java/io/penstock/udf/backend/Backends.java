package io.penstock.udf.backend;

import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds backends by name. */
public final class Backends {
  private Backends() {}

  /**
   * @return the names that {@code --backend} takes, sorted
   */
  public static List<String> names() {
    return providers().stream().map(BackendProvider::name).sorted().toList();
  }

  /**
   * @param name one of {@link #names()}
   * @param options what the user chose
   * @return a new backend, owned by the caller
   * @throws IllegalArgumentException if there is none of that name
   * @throws IllegalStateException if this machine cannot run it as asked for
   */
  public static Backend open(String name, BackendOptions options) {
    for (BackendProvider provider : providers()) {
      if (provider.name().equals(name)) {
        return provider.open(options);
      }
    }
    throw new IllegalArgumentException(
        "unknown backend: name="
            + name
            + " known="
            + names().stream().collect(Collectors.joining(","))
            + "; see --backend");
  }

  private static List<BackendProvider> providers() {
    return ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader())
        .stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }
}
