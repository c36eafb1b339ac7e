package dev.meterkite.model.credits;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** The periods of monthly grants: calendar months in UTC. */
public final class GrantPeriod {
  private GrantPeriod() {}

  /** The first instant of the calendar month in UTC that contains this one. */
  public static Instant start(Instant now) {
    return first(now, 0);
  }

  /** The first instant of the calendar month in UTC after the one that contains this one. */
  public static Instant next(Instant now) {
    return first(now, 1);
  }

  private static Instant first(Instant now, int months) {
    return LocalDate.ofInstant(now, ZoneOffset.UTC)
        .withDayOfMonth(1)
        .plusMonths(months)
        .atStartOfDay()
        .toInstant(ZoneOffset.UTC);
  }

  /** The UTC day that contains this instant, such as {@code 2026-11-01}. */
  public static String day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC).toString();
  }
}
