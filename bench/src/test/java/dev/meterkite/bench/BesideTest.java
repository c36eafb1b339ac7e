package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BesideTest {
  @TempDir private Path folder;

  /** The other version is this one, as another folder would hold it. */
  @Test
  void twoVersions_areMeasuredInTurns() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.createDirectories(other.resolve("bench/target/start"));
    Files.writeString(
        other.resolve("bench/target/start/classpath.txt"), System.getProperty("java.class.path"));
    Files.copy(Path.of("../functions.tsv"), other.resolve("functions.tsv"));
    BenchOptions brief =
        new BenchOptions(
            null,
            1,
            Duration.ZERO,
            Duration.ofMillis(300),
            Duration.ofMillis(500),
            1,
            20,
            1,
            1,
            null,
            other,
            folder);
    Bench.measure(brief, Path.of(".."), System.out);
    String report = Files.readString(folder.resolve("beside.md"));
    for (String row :
        new String[] {
          "processor seconds until it answers",
          "resident MiB after a minute of load",
          "debits in second 2",
          "warm, one user: operations a second",
          "warm, users by Zipf: processor µs of the functions an operation"
        }) {
      assertEquals(
          1, report.lines().filter(line -> line.startsWith("| " + row + " |")).count(), row);
    }
    assertTrue(
        report
            .lines()
            .anyMatch(
                line ->
                    line.matches("\\| processor seconds until it answers( \\| [0-9.]+){3} \\|")),
        report);
  }

  @Test
  void folderWithoutBuild_isRefused() {
    assertThrows(NoSuchFileException.class, () -> Version.in(folder));
  }
}
