package dev.meterkite.model.time;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;

/**
 * Months that begin at local midnight of one day of the month, or of its last day where a month is
 * shorter.
 *
 * <p>With anchor day 31 the periods begin on 31 January, 28 February (29 in leap years), 31 March,
 * 30 April: a short month does not move the later ones. They cover time without gap or overlap in
 * every zone, also where a clock change skips or repeats midnight.
 *
 * @param anchorDay the day of the month, 1 to 31
 * @param zone whose midnight it is
 */
public record MonthlyPeriods(int anchorDay, ZoneId zone) {
  private static final int MONTHS = 12;

  public MonthlyPeriods {
    if (anchorDay < 1 || anchorDay > 31) {
      throw new IllegalArgumentException("anchor day is not 1 to 31: " + anchorDay);
    }
  }

  /** Calendar months: from the first of each month. */
  public static MonthlyPeriods calendar(ZoneId zone) {
    return new MonthlyPeriods(1, zone);
  }

  /** The one period that a moment falls into. */
  public Period containing(Instant moment) {
    LocalDate date = moment.atZone(zone).toLocalDate();
    long month = (long) date.getYear() * MONTHS + date.getMonthValue() - 1;
    return LocalDays.containing(moment, month, this::start);
  }

  /** The period that begins where this one ends. */
  public Period next(Period period) {
    return containing(period.end());
  }

  /** The period that ends where this one begins. */
  public Period previous(Period period) {
    return containing(period.start().minusNanos(1));
  }

  private Instant start(long month) {
    YearMonth yearMonth =
        YearMonth.of(
            Math.toIntExact(Math.floorDiv(month, (long) MONTHS)), Math.floorMod(month, MONTHS) + 1);
    int day = Math.min(anchorDay, yearMonth.lengthOfMonth());
    return LocalDays.start(yearMonth.atDay(day), zone);
  }
}
