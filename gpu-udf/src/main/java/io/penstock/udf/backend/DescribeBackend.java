package io.penstock.udf.backend;

/**
 * Prints what a backend says of itself on this machine, as a stage would log it: {@code
 * scripts/penstock doctor} asks with it.
 */
public final class DescribeBackend {
  private DescribeBackend() {}

  /**
   * @param args name of the backend, precision; see {@link Backends#open}
   */
  public static void main(String[] args) {
    try (Backend backend = Backends.open(args[0], new BackendOptions(args[1], 1))) {
      System.out.println(backend.describe());
    }
  }
}
