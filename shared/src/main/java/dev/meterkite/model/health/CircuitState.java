package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a provider or model takes calls. */
public enum CircuitState implements Word {
  /** It takes all calls. */
  CLOSED,
  /** It is out: only trial calls. */
  OPEN,
  /** It is out, and a trial call is in flight. */
  HALF_OPEN;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<CircuitState> parse(@Nullable String wire) {
    return Word.parse(CircuitState.class, wire);
  }
}
