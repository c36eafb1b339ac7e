package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainClockTest {
  private static final Instant WALL = Instant.parse("2026-01-31T23:59:59.999999999Z");

  @TempDir Path folder;

  @Test
  void withoutAFile_isTheWallClockInMicroseconds() {
    assertEquals(
        Instant.parse("2026-01-31T23:59:59.999999Z"), DomainClock.of(() -> WALL, null).instant());
  }

  @Test
  void offsetInTheFile_movesTheClockWhileItRuns() throws IOException {
    Path file = folder.resolve("clock");
    write(file, 0);
    DomainClock clock = DomainClock.of(() -> WALL, file);
    assertEquals(Instant.parse("2026-01-31T23:59:59.999999Z"), clock.instant());

    write(file, 1);
    assertEquals(Instant.parse("2026-02-01T00:00:00Z"), clock.instant());

    write(file, -3_600_000_000L);
    assertEquals(Instant.parse("2026-01-31T22:59:59.999999Z"), clock.instant());
  }

  @Test
  void missingOrShortFile_isRefused() throws IOException {
    Path shortFile = Files.write(folder.resolve("short"), new byte[7]);
    assertThrows(UncheckedIOException.class, () -> DomainClock.of(shortFile));
    assertThrows(UncheckedIOException.class, () -> DomainClock.of(folder.resolve("missing")));
  }

  private static void write(Path file, long micros) throws IOException {
    // In place: a replaced file would leave the clock on the old one.
    Files.write(
        file,
        ByteBuffer.allocate(Long.BYTES).putLong(micros).array(),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE);
  }
}
