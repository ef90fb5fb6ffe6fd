package io.penstock.udf.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Folders of test resources as real folders, also when this module's tests are in a jar (for tests
 * of other modules): then they are unpacked once, and deleted when the JVM ends.
 */
final class TestResources {
  private static final Map<String, Path> FOLDERS = new ConcurrentHashMap<>();

  private TestResources() {}

  /**
   * @param folder of resources, without subfolders, from the root
   * @param file one of its files
   */
  static Path folder(String folder, String file) {
    return FOLDERS.computeIfAbsent(folder, name -> locate(name, file));
  }

  private static Path locate(String folder, String file) {
    URL url = TestResources.class.getResource("/" + folder + "/" + file);
    if (url == null) {
      throw new IllegalArgumentException("no such test resource: " + folder + "/" + file);
    }
    try {
      URI uri = url.toURI();
      if (!uri.getScheme().equals("jar")) {
        return Path.of(uri).getParent();
      }
      try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
        return unpack(jar.getPath("/" + folder));
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path unpack(Path folder) throws IOException {
    Path target = Files.createTempDirectory("penstock-test");
    target.toFile().deleteOnExit();
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.toList();
    }
    for (Path file : files) {
      Path copy = target.resolve(file.getFileName().toString());
      Files.copy(file, copy);
      copy.toFile().deleteOnExit();
    }
    return target;
  }
}
