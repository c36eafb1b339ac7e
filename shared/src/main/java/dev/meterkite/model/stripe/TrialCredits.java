package dev.meterkite.model.stripe;

import dev.meterkite.model.schema.Word;
import dev.meterkite.model.time.Period;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How many of a tier's credits a trial gives. A user has one trial with credits. */
public enum TrialCredits implements Word {
  /** None. */
  NONE,
  /** The trial's days ÷ 30, rounded down: of 2,500 credits 583 for 7 days; at most a month's. */
  SHARE,
  /** All credits of a month. */
  FULL;

  private static final Duration MONTH = Duration.ofDays(30);

  /** The credits of a trial. */
  long of(long monthlyCredits, Period trial) {
    return switch (this) {
      case NONE -> 0;
      case SHARE -> {
        long seconds = Duration.between(trial.start(), trial.end()).toSeconds();
        long counted = Math.min(seconds, MONTH.toSeconds());
        yield Math.multiplyExact(monthlyCredits, counted) / MONTH.toSeconds();
      }
      case FULL -> monthlyCredits;
    };
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<TrialCredits> parse(@Nullable String wire) {
    return Word.parse(TrialCredits.class, wire);
  }
}
