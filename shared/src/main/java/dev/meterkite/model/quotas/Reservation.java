package dev.meterkite.model.quotas;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An amount set aside for a call that is under way.
 *
 * @param tokens the estimate, at least 1; 0 for one that was wiped and settled
 * @param requests how many requests, at least 0
 * @param reservedAt when it was made, which says the windows that it counts in
 * @param expiresAt when it lapses: from this very moment on it is charged at its estimate; null
 *     once it has lapsed, and is only kept so that a late settlement can correct that
 */
public record Reservation(
    long tokens, long requests, Instant reservedAt, @Nullable Instant expiresAt) {
  public Reservation {
    if (tokens < 0 || requests < 0) {
      throw new IllegalArgumentException("reserves less than nothing");
    }
  }

  /** What stays of a reservation that was wiped and then settled: it stands for nothing. */
  static Reservation settled(Instant reservedAt) {
    return new Reservation(0, 0, reservedAt, null);
  }

  boolean isSettled() {
    return tokens == 0 && requests == 0 && expiresAt == null;
  }

  Reservation lapsed() {
    return new Reservation(tokens, requests, reservedAt, null);
  }

  boolean open() {
    return expiresAt != null;
  }

  boolean isDue(Instant now) {
    return expiresAt != null && !now.isBefore(expiresAt);
  }
}
