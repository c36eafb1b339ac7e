package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;

/**
 * A stated or assumed time without calls. It is kept when it is over, since the next one may be
 * longer.
 *
 * @param since when it began
 * @param until when it ends
 * @param reason why
 * @param step how many came before it without a good call between
 */
public record Pause(Instant since, Instant until, AwayReason reason, int step) {
  private static final Duration FIRST = Duration.ofSeconds(15);
  private static final int DOUBLINGS = 2;

  /** How long a model that is not served is left alone the first time. */
  public static final Duration GONE = Duration.ofMinutes(10);

  /** The longest that such a model is left alone. */
  public static final Duration LONGEST_GONE = Duration.ofDays(1);

  private static final int GONE_DOUBLINGS = 8;

  /** A rate limit without a hint: 15, 30, then 60 s. */
  static Duration unstated(int step) {
    return FIRST.multipliedBy(1L << Math.min(step, DOUBLINGS));
  }

  /** 10 minutes, doubling to a day. */
  static Duration gone(int step) {
    Duration long_ = GONE.multipliedBy(1L << Math.min(step, GONE_DOUBLINGS));
    return long_.compareTo(LONGEST_GONE) > 0 ? LONGEST_GONE : long_;
  }

  boolean isOn(Instant now) {
    return until.isAfter(now);
  }
}
