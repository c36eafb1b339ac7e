package dev.meterkite.model.plans;

import org.jspecify.annotations.Nullable;

/**
 * A tier of users: the credits it grants a month and its longest job.
 *
 * @param word its name in documents and requests
 * @param monthlyCredits credits granted at the start of each period, 0 to {@value #MAX_CREDITS}; 0
 *     for a tier whose users buy packages
 * @param longestJobMinutes the longest job that may be ordered, in minutes, this figure included
 * @param lowBalance below which balance its users are warned; null where the tier does not say
 */
public record UserTier(
    String word, long monthlyCredits, long longestJobMinutes, @Nullable Threshold lowBalance) {
  /** The most credits of a tier's month, and of a package. */
  public static final long MAX_CREDITS = 1_000_000_000_000L;

  public UserTier {
    if (monthlyCredits < 0 || monthlyCredits > MAX_CREDITS || longestJobMinutes < 1) {
      throw new IllegalArgumentException("not a tier: " + word);
    }
  }
}
