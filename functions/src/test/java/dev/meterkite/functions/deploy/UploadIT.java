package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What deploy.sh uploads has the form in which the platform takes a built jar. */
class UploadIT {
  private static final Path UPLOAD = Path.of("jar");

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(UPLOAD)) {
      List<Path> jars = files.filter(file -> file.toString().endsWith(".jar")).toList();
      assertEquals(1, jars.size(), "the platform takes exactly one jar: " + jars);
      return jars.get(0);
    }
  }

  @Test
  void directory_holdsOneJarAndNoPom() throws IOException {
    assertTrue(Files.size(jar()) > 0);
    assertFalse(Files.exists(UPLOAD.resolve("pom.xml")));
  }

  @Test
  void classPathOfTheJar_isBesideIt() throws IOException {
    try (JarFile jar = new JarFile(jar().toFile())) {
      String[] path =
          jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH).split(" ", -1);
      assertTrue(path.length > 20, "class path of " + path.length);
      for (String lib : path) {
        assertTrue(Files.isRegularFile(UPLOAD.resolve(lib)), lib);
      }
      try (Stream<Path> libs = Files.list(UPLOAD.resolve("libs"))) {
        assertEquals(path.length, libs.count(), "libs/ holds what is on no class path");
      }
    }
  }

  @Test
  void everyFunction_isFoundByTheJarAlone() throws Exception {
    URL[] jar = {jar().toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(jar, ClassLoader.getPlatformClassLoader())) {
      for (FunctionEntry entry : FunctionTable.read(Path.of("..", "functions.tsv")).entries()) {
        Class<?> function = Class.forName(entry.entryPoint(), false, loader);
        assertEquals(loader, function.getClassLoader());
        // Resolves the interface of the platform and the types of its fields.
        assertEquals(1, function.getInterfaces().length, entry.name());
        assertTrue(function.getDeclaredFields().length > 0, entry.name());
      }
    }
  }
}
