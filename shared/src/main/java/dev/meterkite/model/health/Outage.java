package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A model that is out: it gets trial calls only, until enough of them in a row were good.
 *
 * @param since when it left
 * @param byRow whether failures in a row took it out, not a share of failures
 * @param trials bad trials so far
 * @param next when the next trial is due
 * @param good good trials in a row
 * @param goodAt when the last of them counted, null if there is none
 * @param permit until when a trial may be in flight, null if none is
 */
public record Outage(
    Instant since,
    boolean byRow,
    int trials,
    Instant next,
    int good,
    @Nullable Instant goodAt,
    @Nullable Instant permit) {

  /** The time between two good trials that both count. */
  public static final Duration APART = Duration.ofSeconds(2);

  /** How long a trial may be in flight before the next is allowed. */
  public static final Duration PERMIT = Duration.ofMinutes(1);

  private static final Duration FIRST_WAIT = Duration.ofSeconds(5);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final int DOUBLINGS = 3;

  static Outage begun(Instant since, boolean byRow) {
    return new Outage(since, byRow, 0, since.plus(FIRST_WAIT), 0, null, null);
  }

  /** 5, 10, 20, then 30 s. */
  private static Duration wait(int trials) {
    Duration wait = FIRST_WAIT.multipliedBy(1L << Math.min(trials, DOUBLINGS));
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  /** A trial failed. The wait counts from its beginning, so that a slow failure delays nothing. */
  Outage bad(Instant began, Instant now) {
    int more = Math.min(trials + 1, 1_000);
    Instant due = began.plus(wait(more));
    return new Outage(since, byRow, more, due.isBefore(now) ? now : due, 0, null, null);
  }

  Outage good(Instant now) {
    boolean counts = goodAt == null || !now.isBefore(goodAt.plus(APART));
    return counts
        ? new Outage(since, byRow, trials, now.plus(APART), good + 1, now, null)
        : new Outage(since, byRow, trials, next, good, goodAt, null);
  }

  Outage permitted(Instant now) {
    return new Outage(since, byRow, trials, next, good, goodAt, now.plus(PERMIT));
  }

  Outage withoutPermit() {
    return new Outage(since, byRow, trials, next, good, goodAt, null);
  }

  /** Whether a trial is in flight. */
  public boolean isTrying(Instant now) {
    return permit != null && permit.isAfter(now);
  }

  /**
   * Whether a trial is due.
   *
   * @param reached whether a probe has reached the provider since the last report, which allows a
   *     trial at once
   */
  boolean isDue(Instant now, boolean reached) {
    return !isTrying(now) && ((reached && good == 0) || !now.isBefore(next));
  }
}
