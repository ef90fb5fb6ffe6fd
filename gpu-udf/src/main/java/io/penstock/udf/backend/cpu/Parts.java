package io.penstock.udf.backend.cpu;

/** Work in independent parts, for a {@link Team}. */
interface Parts {

  /**
   * Does one part. Which lane does which part is a matter of chance, so nothing may depend on it.
   *
   * @param part from 0
   * @param lane the lane that does it, for scratch memory
   */
  void run(int part, int lane);
}
