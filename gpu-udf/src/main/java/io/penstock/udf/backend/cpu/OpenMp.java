package io.penstock.udf.backend.cpu;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps oneDNN's OpenMP from taking all cores per calling thread. The number of OpenMP threads is a
 * setting of the calling thread, of the very libgomp that oneDNN loaded; primitives read it when
 * they are made and when they run.
 */
final class OpenMp {
  private static final Logger LOG = LoggerFactory.getLogger(OpenMp.class);
  private static final NativeLibrary LIBRARY = find();

  private OpenMp() {}

  /**
   * From now on, oneDNN runs on the calling thread alone when this thread calls it.
   *
   * @throws IllegalStateException if that cannot be had
   */
  static void oneThread() {
    if (LIBRARY != null) {
      LIBRARY.getFunction("omp_set_num_threads").invokeVoid(new Object[] {1});
    } else if (!"1".equals(System.getenv("OMP_NUM_THREADS"))) {
      throw new IllegalStateException(
          "cannot limit oneDNN's OpenMP to the calling thread; set OMP_NUM_THREADS=1 in the"
              + " environment");
    }
  }

  /** OpenMP threads that a parallel region of the calling thread would have; 0 if unknown. */
  static int threads() {
    return LIBRARY == null
        ? 0
        : LIBRARY.getFunction("omp_get_max_threads").invokeInt(new Object[] {});
  }

  private static NativeLibrary find() {
    OneDnn.sharedEngine(); // has libgomp loaded
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      String path =
          maps.filter(line -> line.contains("/libgomp"))
              .map(line -> line.substring(line.indexOf('/')))
              .findFirst()
              .orElseThrow(() -> new IOException("no libgomp in /proc/self/maps"));
      return NativeLibrary.getInstance(path);
    } catch (IOException | LinkageError e) {
      LOG.warn("cannot limit OpenMP's threads; set OMP_NUM_THREADS=1 in the environment", e);
      return null;
    }
  }
}
