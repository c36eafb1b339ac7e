package dev.meterkite.model.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final Instant FROM =
      Instant.parse(DEEP ? "1980-01-01T00:00:00Z" : "2005-01-01T00:00:00Z");
  private static final Instant TO =
      Instant.parse(DEEP ? "2040-01-01T00:00:00Z" : "2030-01-01T00:00:00Z");

  /** A22: a day that loses or gains an hour, and clock changes that are no full hour. */
  @ParameterizedTest
  @CsvSource({
    "MINUTE, UTC, 2026-03-01T10:20:30.5Z, 2026-03-01T10:20:00Z, 2026-03-01T10:21:00Z",
    "HOUR, UTC, 2026-03-01T10:20:30Z, 2026-03-01T10:00:00Z, 2026-03-01T11:00:00Z",
    "HOUR, Asia/Kolkata, 2026-03-01T10:20:30Z, 2026-03-01T09:30:00Z, 2026-03-01T10:30:00Z",
    "DAY, Asia/Tokyo, 2026-03-01T14:59:59Z, 2026-02-28T15:00:00Z, 2026-03-01T15:00:00Z",
    "DAY, Asia/Tokyo, 2026-03-01T15:00:00Z, 2026-03-01T15:00:00Z, 2026-03-02T15:00:00Z",
    "DAY, Europe/Berlin, 2026-03-29T12:00:00Z, 2026-03-28T23:00:00Z, 2026-03-29T22:00:00Z",
    "DAY, Europe/Berlin, 2026-10-25T12:00:00Z, 2026-10-24T22:00:00Z, 2026-10-25T23:00:00Z",
    "MONTH, America/New_York, 2026-11-15T00:00:00Z, 2026-11-01T04:00:00Z, 2026-12-01T05:00:00Z",
    "HOUR, Australia/Lord_Howe, 2025-10-04T15:45:00Z, 2025-10-04T15:30:00Z, 2025-10-04T16:00:00Z",
    "HOUR, Australia/Lord_Howe, 2026-04-04T15:10:00Z, 2026-04-04T15:00:00Z, 2026-04-04T15:30:00Z",
    "DAY, Pacific/Apia, 2011-12-30T12:00:00Z, 2011-12-30T10:00:00Z, 2011-12-31T10:00:00Z",
    "DAY, America/Havana, 2026-03-08T12:00:00Z, 2026-03-08T05:00:00Z, 2026-03-09T04:00:00Z"
  })
  void window_ofMoment(Window window, String zone, Instant moment, Instant start, Instant end) {
    assertEquals(new Period(start, end), window.containing(moment, ZoneId.of(zone)));
  }

  @Test
  void windowsAroundEveryClockChange_coverTimeWithoutGapOrOverlap() {
    long looked = 0;
    for (String id : new TreeSet<>(ZoneId.getAvailableZoneIds())) {
      ZoneId zone = ZoneId.of(id);
      ZoneRules rules = zone.getRules();
      ZoneOffsetTransition change = rules.nextTransition(FROM);
      while (change != null && change.getInstant().isBefore(TO)) {
        for (Duration off : around()) {
          for (Window window : Window.values()) {
            check(window, zone, change.getInstant().plus(off));
            looked++;
          }
        }
        change = rules.nextTransition(change.getInstant());
      }
    }
    assertTrue(looked > 100_000, "too few were looked at");
    System.out.println("windows around clock changes: " + looked);
  }

  private static List<Duration> around() {
    return List.of(
        Duration.ofDays(-1),
        Duration.ofMinutes(-61),
        Duration.ofMinutes(-30),
        Duration.ofNanos(-1),
        Duration.ZERO,
        Duration.ofSeconds(1),
        Duration.ofMinutes(30),
        Duration.ofMinutes(60),
        Duration.ofDays(1));
  }

  private static void check(Window window, ZoneId zone, Instant moment) {
    Period period = window.containing(moment, zone);
    Period next = window.next(period, zone);
    Period previous = window.previous(period, zone);
    if (!period.contains(moment)
        || !next.start().equals(period.end())
        || !previous.end().equals(period.start())
        || !window.containing(period.start(), zone).equals(period)
        || !window.containing(period.end().minusNanos(1), zone).equals(period)
        || period.length().compareTo(longest(window)) > 0) {
      throw new AssertionError(
          window + " of " + moment + " in " + zone + ": " + previous + period + next);
    }
  }

  private static Duration longest(Window window) {
    return switch (window) {
      case MINUTE -> Duration.ofMinutes(1);
      case HOUR -> Duration.ofHours(1);
      case DAY -> Duration.ofDays(2);
      case MONTH -> Duration.ofDays(32);
    };
  }

  @Test
  void names_areLowerCase() {
    assertEquals(Optional.of(Window.DAY), Window.parse("day"));
    assertEquals(Optional.empty(), Window.parse("week"));
    assertEquals(Duration.ofDays(1), Window.DAY.containing(Instant.EPOCH, ZoneOffset.UTC).length());
  }
}
