package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code run-local.sh} in a copy of this checkout: the real build, the real host. */
class StartTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final int SIGTERM_STATUS = 128 + 15;
  private static final int COLUMNS = 60;

  /** A build, a start and the archives take seconds; on a loaded machine minutes. */
  private static final long PATIENCE_MINUTES = 10;

  @TempDir Path folder;
  private Path home;

  @Test
  void freshCheckout_isBuiltWithoutTests_startsAndIsFasterNextTime() throws Exception {
    home = Files.createDirectory(folder.resolve("checkout"));
    try (Stream<Path> files = Files.walk(ROOT, 1)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file);
      }
    }
    for (String module :
        List.of("shared", "emulator", "functions", "local", "openfeature", "bench", "simulation")) {
      copy(ROOT.resolve(module).resolve("pom.xml"));
      copyAll(ROOT.resolve(module).resolve("src/main"));
    }
    copy(ROOT.resolve("console/pom.xml"));
    copyAll(ROOT.resolve("console/app"));
    copy(ROOT.resolve("local/launch.sh"));
    copyAll(ROOT.resolve("local/help"));
    copyAll(ROOT.resolve(".mvn"));
    copyArchive();

    String first = start("first", true);
    assertTrue(first.startsWith("Building (the first time: "), first);
    assertTrue(first.contains("  module 4 of 4: local"), first);
    String built = names();
    for (String never : List.of("test-classes", "sbom", "libs", "jacoco", "target/classes")) {
      assertFalse(built.contains(never), never);
    }

    String second = start("second", false);
    assertTrue(second.startsWith("Meterkite is up in "), second);
    List<String> lines = second.lines().toList();
    lines.forEach(
        line -> assertTrue(line.length() <= COLUMNS || !line.strip().contains("  "), line));
    assertTrue(lines.size() <= 7, second);
    assertTrue(lines.get(0).contains(" at http://127.0.0.1:"), second);
    assertTrue(second.contains("/console/\n"), second);
    assertTrue(second.contains("/local/token?role=service'"), second);
    assertTrue(second.contains("functions.log"), second);
    assertTrue(second.endsWith("Ctrl-C\nStopping…\n"), second);
  }

  private void copy(Path file) throws IOException {
    Path target = home.resolve(ROOT.relativize(file));
    Files.createDirectories(target.getParent());
    Files.copy(file, target);
    assertTrue(target.toFile().setExecutable(Files.isExecutable(file)));
  }

  private void copyAll(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file);
      }
    }
  }

  /**
   * The emulator's classes are the same here as in the build, whose tests have made their archive.
   */
  private void copyArchive() throws IOException {
    Path archives = Path.of(System.getProperty("meterkite.archives", "none"));
    if (Files.isDirectory(archives)) {
      Path target = Files.createDirectories(home.resolve("local/target/start"));
      try (Stream<Path> files = Files.list(archives)) {
        for (Path file : files.filter(each -> each.toString().endsWith(".jsa")).toList()) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
    }
  }

  private String names() throws IOException {
    try (Stream<Path> files = Files.walk(home)) {
      return String.join(
          "\n", files.map(file -> home.relativize(file).toString()).sorted().toList());
    }
  }

  /** Starts, waits until it is up, for its archives too, and stops it. */
  private String start(String name, boolean withArchives) throws Exception {
    Path output = folder.resolve(name);
    ProcessBuilder builder =
        new ProcessBuilder(home.resolve("run-local.sh").toString(), "up", "--port", "0");
    builder.environment().remove("FIRESTORE_EMULATOR_HOST");
    builder.environment().put("COLUMNS", Integer.toString(COLUMNS));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    String repository = System.getProperty("maven.repo.local");
    if (repository != null) {
      builder.environment().put("MAVEN_ARGS", "-Dmaven.repo.local=" + repository);
    }
    Process host =
        builder
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    List<ProcessHandle> below = new ArrayList<>();
    try {
      await(host, () -> Files.readString(output).contains("Ctrl-C"));
      if (withArchives) {
        await(host, () -> archives() == 2);
      }
      assertTrue(host.isAlive(), Files.readString(output));
      host.descendants().forEach(below::add);
      host.destroy();
      assertTrue(host.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES));
      assertEquals(SIGTERM_STATUS, host.exitValue(), Files.readString(output));
      below.forEach(process -> assertFalse(process.isAlive()));
      return Files.readString(output);
    } finally {
      host.descendants().forEach(ProcessHandle::destroyForcibly);
      host.destroyForcibly();
    }
  }

  private long archives() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("local/target/start"))) {
      return files.filter(file -> file.toString().endsWith(".jsa")).count();
    }
  }

  private interface Condition {
    boolean isTrue() throws IOException;
  }

  private static void await(Process host, Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
    while (host.isAlive() && !condition.isTrue() && System.nanoTime() < deadline) {
      boolean unused = host.waitFor(50, TimeUnit.MILLISECONDS);
    }
  }
}
