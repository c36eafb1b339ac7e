package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How sure we are of the state of a model or provider; {@link ModelHealth} has the rules. */
public enum HealthStatus implements Word {
  HEALTHY,
  DEGRADED,
  UNAVAILABLE,
  /** Never called or probed, or not within 15 minutes. */
  UNKNOWN;

  /** The constant with this wire value; empty for null and unknown words. */
  public static Optional<HealthStatus> parse(@Nullable String wire) {
    return Word.parse(HealthStatus.class, wire);
  }
}
