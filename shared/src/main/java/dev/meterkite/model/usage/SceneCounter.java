package dev.meterkite.model.usage;

import dev.meterkite.model.time.Period;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Scenes counted in the present quota period of a customer.
 *
 * <p>It is reset lazily: whoever touches it at or after {@code dueAt} finds {@link #at} a counter
 * of the period that contains the moment, however many periods have passed. While nothing is
 * counted nothing is due, so that idle customers cost a sweep nothing.
 *
 * <p>A record may be dated some minutes ahead, beyond the end of the period. Such scenes wait in
 * {@code early} and are what the next period begins with.
 *
 * @param scenes scenes of the period, at least 0
 * @param resetAt start of the period, when it was last reset; null if never
 * @param dueAt end of the period, present while something is counted
 * @param early scenes of the next period
 * @param earlyPeriod start of the next period; null if there are none
 */
public record SceneCounter(
    long scenes,
    @Nullable Instant resetAt,
    @Nullable Instant dueAt,
    long early,
    @Nullable Instant earlyPeriod) {
  /** Nothing counted, ever. */
  public static final SceneCounter NONE = new SceneCounter(0, null, null, 0, null);

  /** No period is longer: what says otherwise in a document is not ours. */
  private static final Duration LONGEST = Duration.ofDays(63);

  public SceneCounter {
    if (scenes < 0 || early < 0) {
      throw new IllegalArgumentException("counters are not negative");
    }
  }

  /**
   * The period whose scenes this counts at a moment.
   *
   * <p>A period that has begun keeps its end when the customer's anchor day or zone changes; the
   * next one begins where it ends. So periods tile time, whatever changes.
   */
  public Period period(Instant now, QuotaTerms terms) {
    Period present = terms.period(now);
    if (resetAt == null || dueAt == null || !plausible(resetAt, dueAt) || now.isBefore(resetAt)) {
      return present;
    }
    if (now.isBefore(dueAt)) {
      return new Period(resetAt, dueAt);
    }
    return dueAt.isAfter(present.start()) ? new Period(dueAt, present.end()) : present;
  }

  private static boolean plausible(Instant start, Instant end) {
    return start.isBefore(end) && !end.isAfter(start.plus(LONGEST));
  }

  /**
   * This counter as of a moment: as it is within its period, else what the new period begins with.
   *
   * <p>A counter without a due moment was written by another program. It belongs to the present
   * period, unless {@code resetAt} lies in an earlier one.
   */
  public SceneCounter at(Instant now, QuotaTerms terms) {
    if (scenes == 0 && early == 0) {
      return dueAt == null ? this : new SceneCounter(0, resetAt, null, 0, null);
    }
    Period period = period(now, terms);
    boolean stale = resetAt != null && resetAt.isBefore(period.start());
    long carried = period.start().equals(earlyPeriod) ? early : 0;
    SceneCounter next =
        new SceneCounter(
            stale ? carried : Math.addExact(scenes, carried),
            period.start(),
            null,
            period.end().equals(earlyPeriod) ? early : 0,
            period.end().equals(earlyPeriod) ? earlyPeriod : null);
    return next.due(period);
  }

  /** Which period a moment counts in: the present, the next, or an earlier one. */
  static Instant periodOf(Instant timestamp, Period present, QuotaTerms terms) {
    if (present.contains(timestamp)) {
      return present.start();
    }
    return timestamp.isBefore(present.start()) ? terms.period(timestamp).start() : present.end();
  }

  /** Scenes counted so far in a period that begins at this moment; 0 for earlier ones. */
  public long used(Instant periodStart, Period present) {
    if (periodStart.equals(present.start())) {
      return scenes;
    }
    return periodStart.equals(earlyPeriod) ? early : 0;
  }

  /**
   * This counter with scenes added to the period that begins at {@code periodStart}, or taken away;
   * earlier periods are over and leave it as it is. Never below zero.
   */
  SceneCounter plus(long by, Instant periodStart, Period present) {
    if (by != 0 && periodStart.equals(present.start())) {
      long sum = Math.max(0, Math.addExact(scenes, by));
      return new SceneCounter(sum, present.start(), null, early, earlyPeriod).due(present);
    }
    if (by != 0 && periodStart.equals(present.end())) {
      long sum = Math.max(0, Math.addExact(early, by));
      return new SceneCounter(scenes, present.start(), null, sum, sum == 0 ? null : periodStart)
          .due(present);
    }
    return this;
  }

  private SceneCounter due(Period period) {
    Instant due = scenes > 0 || early > 0 ? period.end() : null;
    return new SceneCounter(scenes, resetAt, due, early, earlyPeriod);
  }
}
