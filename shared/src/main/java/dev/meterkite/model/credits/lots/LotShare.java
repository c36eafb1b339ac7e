package dev.meterkite.model.credits.lots;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Some credits of the lot with this expiry: what a transaction moved, or what a hold pins.
 *
 * @param expiresAt the expiry that names the lot; null for the lot that never expires
 * @param amount how many, at least 1
 */
public record LotShare(@Nullable Instant expiresAt, long amount) {
  public LotShare {
    if (amount < 1) {
      throw new IllegalArgumentException("share of " + amount);
    }
  }
}
