package io.penstock.udf.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Names the content of a model for the weight cache. */
final class ModelIdentity {
  private ModelIdentity() {}

  /**
   * @param files all files that the model is read from
   * @return their real paths, sizes and times of change
   */
  static String of(List<Path> files) throws IOException {
    StringBuilder identity = new StringBuilder();
    for (Path file : files) {
      identity
          .append(identity.length() == 0 ? "" : " ")
          .append(file.toRealPath())
          .append(':')
          .append(Files.size(file))
          .append(':')
          .append(Files.getLastModifiedTime(file));
    }
    return identity.toString();
  }
}
