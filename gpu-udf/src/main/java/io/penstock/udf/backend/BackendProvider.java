package io.penstock.udf.backend;

/** Opens backends of one name; found by {@link java.util.ServiceLoader}. */
public interface BackendProvider {

  /**
   * @return name, as {@code --backend} takes it
   */
  String name();

  /**
   * @param options what the user chose
   * @return a new backend, owned by the caller
   * @throws IllegalStateException if this machine cannot run it as asked for: says what is missing
   *     and which option changes it
   */
  Backend open(BackendOptions options);
}
