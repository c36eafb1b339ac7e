package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  /**
   * The class-data archive of the container form is made by starting the functions against a
   * Firestore that the build plays. Once it lacked a call that a debit had come to make, and the
   * build of the image waited for ever.
   */
  @Test
  void rehearsalOfTheContainer_endsWell(@TempDir Path classes) throws Exception {
    String path = System.getProperty("java.class.path");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String source = Shell.ROOT.resolve("container/Rehearsal.java").toString();
    assertEquals(0, compiler.run(null, null, null, "-d", classes.toString(), "-cp", path, source));
    Shell.Ended ended =
        Shell.run(
            Map.of(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // Options of the image's JVM that an older one does not know.
            "-XX:+IgnoreUnrecognizedVMOptions",
            "@container/jvm.options",
            "-cp",
            path + File.pathSeparator + classes,
            "Rehearsal",
            "functions.tsv");
    assertEquals(0, ended.status(), ended.err());
  }
}
