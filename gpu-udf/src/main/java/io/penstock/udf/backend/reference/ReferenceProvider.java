package io.penstock.udf.backend.reference;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.backend.BackendOptions;
import io.penstock.udf.backend.BackendProvider;

/** Opens the reference backend; precision and threads do not concern it. */
public final class ReferenceProvider implements BackendProvider {
  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Backend open(BackendOptions options) {
    return new ReferenceBackend();
  }
}
