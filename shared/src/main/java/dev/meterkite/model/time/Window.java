package dev.meterkite.model.time;

import dev.meterkite.model.schema.Word;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of the clock or calendar of a zone that a limit is counted over.
 *
 * <p>The windows of one kind cover time without gap or overlap. Days and months begin at local
 * midnight (in UTC+9 at 15:00 UTC), so a day may last 23 or 25 hours. Minutes and hours are those
 * of the local clock and never last longer: where a clock change does not fall on a full hour, the
 * hour around it is cut in two.
 */
public enum Window implements Word {
  MINUTE,
  HOUR,
  DAY,
  MONTH;

  private static final Duration ONE_MINUTE = Duration.ofMinutes(1);
  private static final Duration ONE_HOUR = Duration.ofHours(1);

  /** The one window of this kind that a moment falls into. */
  public Period containing(Instant moment, ZoneId zone) {
    return switch (this) {
      case MINUTE -> onClock(moment, zone, ONE_MINUTE);
      case HOUR -> onClock(moment, zone, ONE_HOUR);
      case DAY ->
          LocalDays.containing(
              moment,
              moment.atZone(zone).toLocalDate().toEpochDay(),
              day -> LocalDays.start(LocalDate.ofEpochDay(day), zone));
      case MONTH -> MonthlyPeriods.calendar(zone).containing(moment);
    };
  }

  /** The window of this kind that begins where this one ends. */
  public Period next(Period window, ZoneId zone) {
    return containing(window.end(), zone);
  }

  /** The window of this kind that ends where this one begins. */
  public Period previous(Period window, ZoneId zone) {
    return containing(window.start().minusNanos(1), zone);
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<Window> parse(@Nullable String wire) {
    return Word.parse(Window.class, wire);
  }

  private static Period onClock(Instant moment, ZoneId zone, Duration length) {
    ZoneOffset offset = zone.getRules().getOffset(moment);
    long local = moment.getEpochSecond() + offset.getTotalSeconds();
    Instant start =
        Instant.ofEpochSecond(
            local - Math.floorMod(local, length.toSeconds()) - offset.getTotalSeconds());
    Instant end = start.plus(length);
    ZoneOffsetTransition before = zone.getRules().previousTransition(moment.plusNanos(1));
    ZoneOffsetTransition after = zone.getRules().nextTransition(moment);
    return new Period(
        before != null && before.getInstant().isAfter(start) ? before.getInstant() : start,
        after != null && after.getInstant().isBefore(end) ? after.getInstant() : end);
  }
}
