package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalClockTest {
  @TempDir Path folder;

  /** An event that comes after the clock has moved is of the time before. */
  @Test
  void earlierMoment_isShownAsItWasShownThen() throws Exception {
    try (LocalClock clock = new LocalClock(folder)) {
      Instant unmoved = Instant.now();
      assertEquals(unmoved, clock.at(unmoved));
      clock.set(Instant.parse("2031-01-31T23:59:00Z"));
      Instant moved = Instant.now();
      Instant shown = clock.at(moved);
      assertFalse(shown.isBefore(Instant.parse("2031-01-31T23:59:00Z")));
      clock.advance(Duration.ofDays(40));
      assertEquals(unmoved, clock.at(unmoved));
      assertEquals(shown, clock.at(moved));
      assertFalse(clock.at(Instant.now()).isBefore(shown.plus(Duration.ofDays(40))));
    }
  }
}
