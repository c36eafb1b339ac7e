package dev.meterkite.model.time;

import java.time.Duration;
import java.time.Instant;

/**
 * A span of time that its start belongs to and its end does not: what happens at the end falls into
 * the next period.
 *
 * @param start the first moment in it
 * @param end the first moment behind it
 */
public record Period(Instant start, Instant end) {
  public Period {
    if (!start.isBefore(end)) {
      throw new IllegalArgumentException("a period ends after it starts: " + start + ", " + end);
    }
  }

  /** Whether a moment falls into this period: the start does, the end does not. */
  public boolean contains(Instant moment) {
    return !moment.isBefore(start) && moment.isBefore(end);
  }

  /** The time from start to end; a day may have 23 to 25 hours, or more. */
  public Duration length() {
    return Duration.between(start, end);
  }
}
