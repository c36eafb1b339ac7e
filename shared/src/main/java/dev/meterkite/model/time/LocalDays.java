package dev.meterkite.model.time;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.function.LongFunction;

/**
 * Periods that begin where local days do.
 *
 * <p>A local day begins at the first moment at which its date or a later one shows on the clock:
 * behind the gap where midnight is skipped, at the earlier of two midnights. These moments never
 * decrease with the date, so periods made of them cover time without gap or overlap. Two dates
 * share a moment where a zone skipped a whole day; the period between them is empty and passed
 * over.
 */
final class LocalDays {
  private LocalDays() {}

  static Instant start(LocalDate date, ZoneId zone) {
    return date.atStartOfDay(zone).toInstant();
  }

  /**
   * The period that contains a moment, among those between neighbouring bounds.
   *
   * @param moment the moment
   * @param guess an index whose bound is near
   * @param bounds start of the period with an index, never decreasing with it
   */
  static Period containing(Instant moment, long guess, LongFunction<Instant> bounds) {
    long index = guess;
    Instant start = bounds.apply(index);
    while (start.isAfter(moment)) {
      index--;
      start = bounds.apply(index);
    }
    Instant end = bounds.apply(index + 1);
    while (!end.isAfter(moment)) {
      index++;
      start = end;
      end = bounds.apply(index + 1);
    }
    return new Period(start, end);
  }
}
