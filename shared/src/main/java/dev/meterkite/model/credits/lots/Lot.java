package dev.meterkite.model.credits.lots;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Credits of one user that expire at the same instant; there is one lot an instant, and one for all
 * that never expire.
 *
 * @param expiresAt when what is left expires, a full hour; null for never
 * @param granted what was put into it, at least {@code remaining}
 * @param remaining what is left of it, at least 1; the lots of a user add up to the balance
 * @param held the part of {@code remaining} that open holds pin: it does not expire while they are
 *     open
 */
public record Lot(@Nullable Instant expiresAt, long granted, long remaining, long held) {
  public Lot {
    if (remaining < 1 || held < 0 || held > remaining || granted < remaining) {
      throw new IllegalArgumentException(
          "lot of " + granted + " with " + remaining + " left, " + held + " of it held");
    }
  }

  /** What may be spent or held: {@code remaining - held}. */
  public long free() {
    return remaining - held;
  }

  /** Whether it is expired at this moment; the exact instant of expiry counts as expired. */
  public boolean isExpired(Instant now) {
    return expiresAt != null && !expiresAt.isAfter(now);
  }
}
