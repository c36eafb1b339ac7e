package dev.meterkite.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small program from a jar of the class path stands in for the emulator. */
class ClassArchiveTest {
  private static final String PROGRAM = "org.opentest4j.AssertionFailedError";

  @TempDir Path folder;

  private Path jar;

  @BeforeEach
  void findJar() {
    jar =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .filter(each -> each.getFileName().toString().startsWith("opentest4j"))
            .findFirst()
            .orElseThrow();
  }

  private ClassArchive archive() throws Exception {
    return ClassArchive.of(jar, folder, folder.resolve("program.classes"));
  }

  /** What a JVM prints that is started with the archive's options; its class has no main method. */
  private static String start(ClassArchive archive, String... more) throws Exception {
    List<String> command = new ArrayList<>(JavaCommand.start());
    command.addAll(archive.options());
    command.addAll(List.of(more));
    command.addAll(List.of("-cp", archive.classPath(), PROGRAM));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(5, TimeUnit.MINUTES));
    return printed;
  }

  private static void make(ClassArchive archive) throws Exception {
    Process made = archive.create();
    assertTrue(made.waitFor(5, TimeUnit.MINUTES));
    archive.complete(made);
  }

  @Test
  void classesOfTheFirstStart_areMappedByTheNext() throws Exception {
    ClassArchive archive = archive();
    assertFalse(archive.exists());
    start(archive);
    make(archive);

    assertTrue(archive.exists());
    assertEquals(List.of(archive.archive()), files(), "only the archive stays");
    assertTrue(
        start(archive, "-Xlog:class+load").contains(PROGRAM + " source: shared objects file"),
        "the class comes from the archive");
  }

  @Test
  void fileThatIsNoArchive_isLeftAsideInSilence() throws Exception {
    ClassArchive archive = archive();
    String plain = start(archive);
    Files.writeString(archive.archive(), "not an archive");
    assertEquals(plain, start(archive));
    archive.remove();
    assertFalse(archive.exists());
  }

  @Test
  void makingThatFails_leavesNothing() throws Exception {
    ClassArchive archive = archive();
    Files.writeString(archive.list(), "java/lang/Object");
    Process failed =
        new ProcessBuilder(JavaCommand.start().get(0), "-no-such-option")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertTrue(failed.waitFor(5, TimeUnit.MINUTES));
    archive.complete(failed);
    assertEquals(List.of(), files());
  }

  @Test
  void otherJar_hasAnotherArchive() throws Exception {
    Path copy = Files.copy(jar, folder.resolve("copy.jar"));
    Path first = ClassArchive.of(copy, folder, folder.resolve("list")).archive();
    assertEquals(first, ClassArchive.of(copy, folder, folder.resolve("other")).archive());
    Files.setLastModifiedTime(copy, FileTime.fromMillis(1));
    assertNotEquals(first, ClassArchive.of(copy, folder, folder.resolve("list")).archive());
  }

  private List<Path> files() throws Exception {
    try (var all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }
}
