package io.penstock.udf.backend;

import io.penstock.udf.backend.cpu.CpuUnderTest;
import io.penstock.udf.backend.reference.ReferenceUnderTest;
import java.util.List;
import java.util.stream.Stream;

/** What all tests over backends run on. A new backend or precision joins here, by one line. */
public final class BackendsUnderTest {

  /** Every backend in every precision. */
  public static final List<BackendUnderTest> ALL =
      Stream.concat(Stream.of(new ReferenceUnderTest()), CpuUnderTest.ALL.stream()).toList();

  private BackendsUnderTest() {}
}
