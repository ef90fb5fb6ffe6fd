package io.penstock.udf.backend.cpu;

/**
 * JavaCPP's own limits on native memory, three times the Java heap unless told otherwise, are meant
 * for objects that the garbage collector frees. Weights and KV pools are closed by their owners and
 * bounded by {@link NativeBlock}, so the limits are taken off, unless the user set them. To be
 * called before the first class of JavaCPP is initialised.
 */
final class JavaCpp {
  private JavaCpp() {}

  static void unlimited() {
    for (String limit : new String[] {"maxBytes", "maxPhysicalBytes"}) {
      String property = "org.bytedeco.javacpp." + limit;
      if (System.getProperty(property) == null) {
        System.setProperty(property, "0");
      }
    }
  }
}
