package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether calls to a provider are let through. */
public enum CircuitState implements Word {
  /** All calls pass. */
  CLOSED,
  /** No call passes. */
  OPEN,
  /** A bounded number of probes passes. */
  HALF_OPEN;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<CircuitState> parse(@Nullable String wire) {
    return Word.parse(CircuitState.class, wire);
  }
}
