package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The container starts with its AOT cache only beside the files that the cache was made of. The JVM
 * does not look: JDK 25 runs the archived classes of a jar that was replaced since.
 */
class ContainerStartTest {
  @TempDir Path app;

  @BeforeEach
  void layOut() throws Exception {
    for (String script : new String[] {"start.sh", "checksums.sh"}) {
      Files.copy(Shell.ROOT.resolve("container").resolve(script), app.resolve(script));
    }
    write("class-path", "lib/a.jar:lib/b.jar:rehearsal.jar");
    write("jvm.options", "-XX:+UseSerialGC\n");
    write("lib/a.jar", "first");
    write("lib/b.jar", "second");
    write("rehearsal.jar", "third");
    write("app.aot", "cache");
    write("bin/java", "#!/bin/sh\necho \"java $*\"\n");
    Files.setPosixFilePermissions(
        app.resolve("bin/java"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Shell.Ended sums = Shell.run(Map.of(), "sh", "-c", "cd " + app + " && sh checksums.sh");
    assertEquals(0, sums.status(), sums.err());
    write("app.aot.checksums", sums.out());
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(app.resolve(file).getParent());
    Files.writeString(app.resolve(file), text);
  }

  private String start() throws Exception {
    Shell.Ended ended =
        Shell.run(Map.of("JAVA_HOME", app.toString()), "sh", app.resolve("start.sh").toString());
    assertEquals(0, ended.status(), ended.err());
    return ended.out();
  }

  private void assertWithoutCache() throws Exception {
    String out = start();
    assertTrue(out.startsWith("{\"severity\":\"WARNING\",\"message\":\"The jars"), out);
    assertTrue(out.contains("\njava @jvm.options -XX:AOTMode=off -cp "), out);
  }

  @Test
  void filesOfTheCache_startWithIt() throws Exception {
    assertEquals(
        "java @jvm.options -XX:AOTCache=app.aot -cp lib/a.jar:lib/b.jar:rehearsal.jar"
            + " com.google.cloud.functions.invoker.runner.Invoker",
        start().strip());
  }

  @Test
  void replacedJarOfTheSameLength_startsWithoutTheCache() throws Exception {
    write("lib/b.jar", "sec0nd");
    assertWithoutCache();
  }

  @Test
  void missingJar_startsWithoutTheCache() throws Exception {
    Files.delete(app.resolve("lib/a.jar"));
    assertWithoutCache();
  }

  @Test
  void jarsInAnotherOrder_startWithoutTheCache() throws Exception {
    write("class-path", "lib/b.jar:lib/a.jar:rehearsal.jar");
    assertWithoutCache();
  }

  @Test
  void otherOptions_startWithoutTheCache() throws Exception {
    write("jvm.options", "-XX:+UseParallelGC\n");
    assertWithoutCache();
  }

  @Test
  void noChecksums_startsWithoutTheCache() throws Exception {
    Files.delete(app.resolve("app.aot.checksums"));
    assertWithoutCache();
  }
}
