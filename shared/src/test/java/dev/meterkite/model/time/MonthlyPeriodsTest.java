package dev.meterkite.model.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MonthlyPeriodsTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final Instant FROM = Instant.parse("1980-01-01T00:00:00Z");
  private static final Instant TO = Instant.parse("2040-01-01T00:00:00Z");

  /** A21. */
  @ParameterizedTest
  @CsvSource({
    "31, 2026-05-31, 2026-06-30, 2026-07-31",
    "31, 2023-12-31, 2024-01-31, 2024-02-29",
    "31, 2025-01-31, 2025-02-28, 2025-03-31",
    "30, 2025-01-30, 2025-02-28, 2025-03-30",
    "29, 2024-01-29, 2024-02-29, 2024-03-29",
    "29, 2100-01-29, 2100-02-28, 2100-03-29",
    "1, 2025-12-01, 2026-01-01, 2026-02-01"
  })
  void shortMonths_doNotMoveTheLaterOnes(int anchor, String first, String second, String third) {
    MonthlyPeriods months = new MonthlyPeriods(anchor, ZoneOffset.UTC);
    Period period = months.containing(Instant.parse(first + "T00:00:00Z"));
    assertEquals(midnights(first, second), period);
    assertEquals(midnights(second, third), months.next(period));
    assertEquals(period, months.previous(months.next(period)));
  }

  private static Period midnights(String start, String end) {
    return new Period(Instant.parse(start + "T00:00:00Z"), Instant.parse(end + "T00:00:00Z"));
  }

  /** A24. */
  @Test
  void lastMicrosecond_isInTheOldMonth() {
    MonthlyPeriods months = MonthlyPeriods.calendar(ZoneOffset.UTC);
    assertEquals(
        midnights("2026-01-01", "2026-02-01"),
        months.containing(Instant.parse("2026-01-31T23:59:59.999999Z")));
    assertEquals(
        midnights("2026-02-01", "2026-03-01"),
        months.containing(Instant.parse("2026-02-01T00:00:00Z")));
  }

  /** A22. */
  @Test
  void month_beginsAtLocalMidnight() {
    assertEquals(
        new Period(Instant.parse("2026-01-31T15:00:00Z"), Instant.parse("2026-02-28T15:00:00Z")),
        MonthlyPeriods.calendar(ZoneId.of("Asia/Tokyo"))
            .containing(Instant.parse("2026-02-14T00:00:00Z")));
  }

  @Test
  void anchorOnADayThatAZoneSkipped_beginsBehindTheGap() {
    // Samoa went from 29 to 31 December 2011.
    MonthlyPeriods months = new MonthlyPeriods(30, ZoneId.of("Pacific/Apia"));
    Period period = months.containing(Instant.parse("2012-01-05T00:00:00Z"));
    assertEquals(Instant.parse("2011-12-30T10:00:00Z"), period.start());
  }

  @Test
  void periodsOfEveryZone_coverTimeWithoutGapOrOverlap() {
    List<String> zones = new ArrayList<>(new TreeSet<>(ZoneId.getAvailableZoneIds()));
    long periods = 0;
    for (int z = 0; z < zones.size(); z++) {
      for (int anchor = 1; anchor <= 31; anchor++) {
        // The daily run takes one anchor of a zone, another in the next zone, and all in the end.
        if (DEEP || anchor == 1 + z % 31) {
          periods += walk(new MonthlyPeriods(anchor, ZoneId.of(zones.get(z))));
        }
      }
    }
    assertTrue(periods > 250_000, () -> "too few were looked at");
    System.out.println("monthly periods walked: " + periods);
  }

  private static long walk(MonthlyPeriods months) {
    Period period = months.containing(FROM);
    long count = 0;
    while (period.start().isBefore(TO)) {
      Period next = months.next(period);
      if (!next.start().equals(period.end())
          || !months.previous(next).equals(period)
          || !months.containing(period.start()).equals(period)
          || period.length().compareTo(Duration.ofDays(27)) <= 0
          || period.length().compareTo(Duration.ofDays(32)) > 0) {
        throw new AssertionError(months + ": " + period + " then " + next);
      }
      period = next;
      count++;
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 32})
  void anchorOutsideTheMonth_isRefused(int anchor) {
    assertThrows(IllegalArgumentException.class, () -> new MonthlyPeriods(anchor, ZoneOffset.UTC));
  }

  @Test
  void period_isHalfOpen() {
    Period period = midnights("2026-01-01", "2026-01-02");
    assertTrue(period.contains(period.start()));
    assertTrue(period.contains(period.end().minusNanos(1)));
    assertFalse(period.contains(period.end()));
    assertFalse(period.contains(period.start().minusNanos(1)));
    assertEquals(Duration.ofDays(1), period.length());
    assertThrows(IllegalArgumentException.class, () -> new Period(period.start(), period.start()));
  }
}
