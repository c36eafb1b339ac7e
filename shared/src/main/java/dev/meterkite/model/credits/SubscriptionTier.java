package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A user's subscription: its credits a month and its longest job. */
public enum SubscriptionTier implements Word {
  FREE(10, 1),
  ENTHU(1_000, 15),
  PRO(2_500, 30),
  PRO_PLUS(6_000, 60),
  ULTIMATE(15_000, 120),
  /** No monthly credits: buys packages. */
  PAYG(0, 10);

  private final long monthlyCredits;
  private final long longestJobMinutes;

  SubscriptionTier(long monthlyCredits, long longestJobMinutes) {
    this.monthlyCredits = monthlyCredits;
    this.longestJobMinutes = longestJobMinutes;
  }

  /** Credits granted at the start of each period; 0 for {@link #PAYG}. */
  public long monthlyCredits() {
    return monthlyCredits;
  }

  /** The longest job that may be ordered, in minutes, this figure included. */
  public long longestJobMinutes() {
    return longestJobMinutes;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<SubscriptionTier> parse(@Nullable String wire) {
    return Word.parse(SubscriptionTier.class, wire);
  }
}
