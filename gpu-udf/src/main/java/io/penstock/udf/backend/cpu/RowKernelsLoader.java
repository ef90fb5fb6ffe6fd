package io.penstock.udf.backend.cpu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the Vector API's kernels where the JVM has the module, else the scalar ones. The former are
 * compiled in a source set of their own and known here by name only.
 */
final class RowKernelsLoader {
  private static final Logger LOG = LoggerFactory.getLogger(RowKernelsLoader.class);
  private static final String MODULE = "jdk.incubator.vector";
  private static final String VECTOR_CLASS = "io.penstock.udf.backend.cpu.VectorRowKernels";

  private RowKernelsLoader() {}

  static RowKernels load() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      LOG.warn("no Vector API in this JVM, much slower: start it with --add-modules {}", MODULE);
      return new ScalarRowKernels();
    }
    return vector();
  }

  /** The Vector API's kernels; fails where the JVM lacks the module. */
  static RowKernels vector() {
    try {
      return Class.forName(VECTOR_CLASS)
          .asSubclass(RowKernels.class)
          .getDeclaredConstructor()
          .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("cannot load " + VECTOR_CLASS, e);
    }
  }
}
