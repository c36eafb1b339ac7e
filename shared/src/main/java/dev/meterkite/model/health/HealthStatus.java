package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a provider does. Success at least 80 % and latency under 2,000 ms is healthy, success under
 * 50 % or latency over 5,000 ms or an open circuit is unavailable, between is degraded.
 */
public enum HealthStatus implements Word {
  HEALTHY,
  DEGRADED,
  UNAVAILABLE,
  /** Never checked, or the last evidence is stale. */
  UNKNOWN;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<HealthStatus> parse(@Nullable String wire) {
    return Word.parse(HealthStatus.class, wire);
  }
}
